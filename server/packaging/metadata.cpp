#include "packaging/metadata.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "packaging/clause_parser.hpp"
#include "packaging/name.hpp"
#include "packaging/scanner.hpp"
#include "packaging/text_lines.hpp"
#include "packaging/utf8.hpp"

namespace wheelbarrow::packaging {
namespace {

constexpr std::size_t max_fields = 100'000;
constexpr std::size_t max_requirements = 4000;

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorKind::invalid_input, std::move(message));
}

// RFC 5322 section 2.2: printable ASCII but the colon.
bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

void append_continuation(std::string& value, std::string_view more) {
  if (!value.empty() && !more.empty()) value += ' ';
  value += more;
}

// The first value of a field, trimmed; names are compared without case.
std::optional<std::string_view> find_field(const HeaderFields& fields, std::string_view lower_name) {
  for (const auto& [name, value] : fields) {
    if (lower_case(name) == lower_name) return trim(value);
  }
  return std::nullopt;
}

Result<std::string_view> require_field(const HeaderFields& fields, std::string_view lower_name,
                                       std::string_view name) {
  const auto value = find_field(fields, lower_name);
  if (!value || value->empty()) return refuse("the metadata has no " + std::string(name));
  return *value;
}

// "expected ... at column 3" reads better with the text in question behind it.
std::unexpected<Error> in_field(std::string_view field, std::string_view value, const Error& error) {
  return refuse(std::string(field) + ": " + quoted(value) + ": " + error.message);
}

// Years of published metadata say ">=3.6.*", which PEP 440 doesn't allow and older tools took for ">=3.6":
// the text without the wildcards behind ordered comparisons.
std::string without_ordered_wildcards(std::string_view text) {
  constexpr std::array<std::string_view, 5> ordered = {"~=", "<=", ">=", "<", ">"};
  std::string repaired;
  while (!text.empty()) {
    const auto* const op =
        std::ranges::find_if(ordered, [&](std::string_view spelling) { return text.starts_with(spelling); });
    const std::size_t length = op == ordered.end() ? 1 : text.find_first_of(",;)\"'", op->size());
    std::string_view piece = text.substr(0, length);
    text.remove_prefix(piece.size());
    const std::string_view clause = trim(piece);
    if (clause.size() > 2 && clause.ends_with(".*")) piece = clause.substr(0, clause.size() - 2);
    repaired += piece;
  }
  return repaired;
}

template <class Value>
Result<Value> parse_tolerantly(std::string_view text) {
  auto value = Value::parse(text);
  if (value) return value;
  auto repaired = Value::parse(without_ordered_wildcards(text));
  return repaired ? repaired : value;
}

Result<void> check_name(std::string_view name) {
  Scanner scanner(name);
  const auto canonical = parse_name(scanner, "a project name");
  if (!canonical) return std::unexpected(canonical.error());
  if (!scanner.at_end()) return scanner.expected("only letters, digits, '.', '_' and '-' in a name");
  return {};
}

Result<Version> parse_metadata_version(std::string_view text) {
  auto version = Version::parse(text);
  if (!version) return in_field("Metadata-Version", text, version.error());
  if (version->release().front() != 1 && version->release().front() != 2) {
    return refuse("Metadata-Version " + quoted(text) + " is not supported; 1.x and 2.x are");
  }
  return version;
}

}  // namespace

// Reads as Python's email parser does: the headers end at an empty line, and at a line that is none. A line
// of white space goes on with its field: setuptools writes the empty lines of a licence so.
Result<HeaderFields> parse_header_fields(std::string_view text) {
  TextLines lines(skip_byte_order_mark(text));
  HeaderFields fields;
  while (!lines.at_end()) {
    const std::string_view line = lines.next();
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') {
      if (fields.empty()) {
        return refuse("line " + std::to_string(lines.number()) + " continues a field, but none precedes it");
      }
      append_continuation(fields.back().second, trim(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_field_name(line.substr(0, colon))) break;
    if (fields.size() == max_fields)
      return fail(ErrorKind::limit, "there are more than 100000 header fields");
    fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return fields;
}

Result<Metadata> parse_metadata(std::string_view text) {
  const auto fields = parse_header_fields(text);
  if (!fields) return std::unexpected(fields.error());
  const auto metadata_version_text = require_field(*fields, "metadata-version", "Metadata-Version");
  if (!metadata_version_text) return std::unexpected(metadata_version_text.error());
  auto metadata_version = parse_metadata_version(*metadata_version_text);
  if (!metadata_version) return std::unexpected(metadata_version.error());
  const auto name = require_field(*fields, "name", "Name");
  if (!name) return std::unexpected(name.error());
  if (auto checked = check_name(*name); !checked) return in_field("Name", *name, checked.error());
  const auto version_text = require_field(*fields, "version", "Version");
  if (!version_text) return std::unexpected(version_text.error());
  auto version = Version::parse(*version_text);
  if (!version) return in_field("Version", *version_text, version.error());

  Metadata metadata;
  metadata.metadata_version = *std::move(metadata_version);
  metadata.name = *name;
  metadata.version = *std::move(version);
  metadata.summary = to_valid_utf8(find_field(*fields, "summary").value_or(""));
  if (const auto value = find_field(*fields, "requires-python")) {
    auto specifier = parse_tolerantly<SpecifierSet>(*value);
    if (!specifier) return in_field("Requires-Python", *value, specifier.error());
    metadata.requires_python = *std::move(specifier);
  }
  std::set<std::string> extras;
  for (const auto& [field, value] : *fields) {
    const std::string field_name = lower_case(field);
    if (field_name == "requires-dist") {
      auto requirement = parse_tolerantly<Requirement>(value);
      if (!requirement) return in_field("Requires-Dist", value, requirement.error());
      metadata.requires_dist.push_back(*std::move(requirement));
      if (metadata.requires_dist.size() > max_requirements)
        return refuse("it has more than " + std::to_string(max_requirements) + " Requires-Dist fields");
    } else if (field_name == "provides-extra" && is_valid_name(value)) {
      // Before metadata 2.3 an extra's name could be anything; one that no requirement can name is left out.
      std::string extra = canonicalize_name(value);
      if (extras.insert(extra).second) metadata.provides_extra.push_back(std::move(extra));
    }
  }
  return metadata;
}

}  // namespace wheelbarrow::packaging
