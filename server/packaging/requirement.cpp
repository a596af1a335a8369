#include "packaging/requirement.hpp"

#include <algorithm>

#include "packaging/clause_parser.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

// Far above what anything has; each costs a search work and memory.
constexpr std::size_t max_extras = 256;

Result<std::set<std::string>> parse_extras(Scanner& scanner) {
  std::set<std::string> extras;
  if (!scanner.accept("[")) return extras;
  scanner.skip_space();
  if (scanner.accept("]")) return extras;
  for (;;) {
    scanner.skip_space();
    auto extra = parse_name(scanner, "the name of an extra");
    if (!extra) return std::unexpected(std::move(extra.error()));
    extras.insert(*std::move(extra));
    if (extras.size() > max_extras) return scanner.expected("at most 256 extras");
    scanner.skip_space();
    if (scanner.accept("]")) return extras;
    if (!scanner.accept(",")) return scanner.expected("',' or ']'");
  }
}

// PEP 508 takes the URL up to white space and asks for RFC 3986's grammar. What kind of URL it is matters to
// whoever fetches it; one that is relative to nothing is a mistake.
Result<std::string> parse_url(Scanner& scanner) {
  scanner.skip_space();
  const std::size_t start = scanner.position();
  const std::string_view url = scanner.take_while([](char c) { return c > ' ' && c < 0x7f; });
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == url.size() || !is_letter(url.front())) {
    return scanner.expected_at("a URL after '@'", start);
  }
  return std::string(url);
}

Result<SpecifierSet> parse_versions(Scanner& scanner) {
  if (!scanner.accept("(")) return parse_specifier_set(scanner);
  auto set = parse_specifier_set(scanner);
  if (set && !scanner.accept(")"))
    return scanner.expected(set->empty() ? "a comparison such as '>=' or ')'" : "',' or ')'");
  return set;
}

std::string_view expected_after_versions(const Requirement& requirement) {
  if (!requirement.url.empty()) return "';' after a space, or the end of the requirement";
  if (!requirement.specifier.empty()) return "',', ';' or the end of the requirement";
  return requirement.extras.empty() ? "an extra in '[]', a comparison such as '>=', '@', ';' or the end"
                                    : "a comparison such as '>=', '@', ';' or the end";
}

// PEP 508 ends a URL at white space only; many parsers read the text behind "===" the same way.
bool needs_space_before_marker(const Requirement& requirement) {
  return !requirement.url.empty() ||
         std::ranges::any_of(requirement.specifier.clauses(), [](const Specifier& clause) {
           return clause.op() == Specifier::Operator::arbitrary;
         });
}

}  // namespace

Result<Requirement> Requirement::parse(std::string_view text) {
  Scanner scanner(text, WhiteSpace::within_line);
  scanner.skip_space();
  Requirement requirement;
  auto name = parse_name(scanner, "a project name");
  if (!name) return std::unexpected(std::move(name.error()));
  requirement.name = *std::move(name);
  scanner.skip_space();
  auto extras = parse_extras(scanner);
  if (!extras) return std::unexpected(std::move(extras.error()));
  requirement.extras = *std::move(extras);
  scanner.skip_space();
  if (scanner.accept("@")) {
    auto url = parse_url(scanner);
    if (!url) return std::unexpected(std::move(url.error()));
    requirement.url = *std::move(url);
  } else {
    auto versions = parse_versions(scanner);
    if (!versions) return std::unexpected(std::move(versions.error()));
    requirement.specifier = *std::move(versions);
  }
  scanner.skip_space();
  if (scanner.accept(";")) {
    auto marker = parse_marker(scanner);
    if (!marker) return std::unexpected(std::move(marker.error()));
    requirement.marker = *std::move(marker);
  } else if (!scanner.at_end()) {
    return scanner.expected(expected_after_versions(requirement));
  }
  return requirement;
}

std::string Requirement::str() const {
  std::string text = name;
  if (!extras.empty()) {
    char separator = '[';
    for (const std::string& extra : extras) {
      text += separator + extra;
      separator = ',';
    }
    text += ']';
  }
  if (url.empty()) {
    text += specifier.str();
  } else {
    text += " @ " + url;
  }
  if (marker) text += (needs_space_before_marker(*this) ? " ; " : "; ") + marker->str();
  return text;
}

}  // namespace wheelbarrow::packaging
