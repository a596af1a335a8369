#include "packaging/specifier.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "packaging/clause_parser.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

using Operator = Specifier::Operator;

struct OperatorSpelling {
  std::string_view text;
  Operator op;
};

// Longer spellings first.
constexpr std::array<OperatorSpelling, 8> spellings = {{{"===", Operator::arbitrary},
                                                        {"~=", Operator::compatible},
                                                        {"==", Operator::equal},
                                                        {"!=", Operator::not_equal},
                                                        {"<=", Operator::less_equal},
                                                        {">=", Operator::greater_equal},
                                                        {"<", Operator::less},
                                                        {">", Operator::greater}}};

std::string_view spelling(Operator op) {
  return std::ranges::find(spellings, op, &OperatorSpelling::op)->text;
}

// PEP 508's version_char.
bool is_version_character(char c) {
  return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '!' || c == '*';
}

// PEP 440 "Version matching", prefix form: the release numbers, padded with zeros, begin with those of the
// prefix; suffixes behind them don't matter.
bool has_prefix(const Version& version, const Version& prefix, std::size_t length) {
  if (version.epoch() != prefix.epoch()) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint64_t number = i < version.release().size() ? version.release()[i] : 0;
    if (number != prefix.release()[i]) return false;
  }
  return true;
}

// PEP 440 "Version matching": a clause without a local part ignores the candidate's.
bool matches(const Version& version, const Version& wanted) {
  return wanted.local().empty() ? version.compare_public(wanted) == 0 : version == wanted;
}

// PEP 440 "Exclusive ordered comparison": "<1.0" leaves out 1.0's own pre-releases.
bool is_less(const Version& version, const Version& bound) {
  if (version >= bound) return false;
  return bound.is_prerelease() || !version.is_prerelease() || version.compare_base(bound) != 0;
}

// The same section: ">1.0" leaves out 1.0's own post-releases and local versions.
bool is_greater(const Version& version, const Version& bound) {
  if (version <= bound) return false;
  if (version.compare_base(bound) != 0) return true;
  return version.local().empty() && (bound.post().has_value() || !version.post().has_value());
}

struct Mistake {
  std::string_view expected;
  std::size_t offset = 0;  // in the version as written
};

// What PEP 440 forbids for an operator; `written` is the version without the wildcard.
std::optional<Mistake> find_mistake(Operator op, const Version& version, std::string_view written,
                                    bool wildcard) {
  const bool matching = op == Operator::equal || op == Operator::not_equal;
  const std::size_t release_end = std::min(written.find_first_not_of("vV0123456789.!"), written.size());
  if (wildcard && !matching) return Mistake{"a version without '.*'", written.size()};
  if (wildcard && release_end != written.size())
    return Mistake{"only release numbers before '.*'", release_end};
  if (!version.local().empty() && !matching)
    return Mistake{"a version without a local part", written.find('+')};
  if (op == Operator::compatible && version.release().size() < 2)
    return Mistake{"a second release number such as the 0 of 1.0", release_end};
  return std::nullopt;
}

// Whether a clause can follow, or a set can end.
bool begins_clause(char c) {
  return c == '~' || c == '=' || c == '!' || c == '<' || c == '>';
}
bool ends_set(const Scanner& scanner) {
  return scanner.at_end() || scanner.peek() == ';' || scanner.peek() == ')';
}

}  // namespace

Result<Specifier> parse_specifier(Scanner& scanner) {
  const auto* const found =
      std::ranges::find_if(spellings, [&](const OperatorSpelling& s) { return scanner.accept(s.text); });
  if (found == spellings.end()) {
    return scanner.expected(scanner.peek() == '=' ? "'==' or '>='" : "a comparison such as '>='");
  }
  const std::string after = " after '" + std::string(found->text) + "'";
  scanner.skip_space();
  const std::size_t start = scanner.position();
  Specifier specifier;
  specifier.op_ = found->op;
  if (found->op == Operator::arbitrary) {
    specifier.text_ = scanner.take_while(is_version_character);
    if (specifier.text_.empty()) return scanner.expected_at("a version" + after, start);
    if (auto version = Version::parse(specifier.text_)) specifier.version_ = *std::move(version);
    return specifier;
  }
  auto version = parse_version(scanner, "a version" + after);
  if (!version) return std::unexpected(std::move(version.error()));
  const std::string_view written = scanner.since(start);
  specifier.wildcard_ = scanner.accept(".*");
  if (is_version_character(scanner.peek())) return scanner.expected(end_of_version);
  if (const auto mistake = find_mistake(found->op, *version, written, specifier.wildcard_)) {
    return scanner.expected_at(std::string(mistake->expected) + after, start + mistake->offset);
  }
  specifier.version_ = *std::move(version);
  return specifier;
}

Result<SpecifierSet> parse_specifier_set(Scanner& scanner) {
  std::vector<Specifier> clauses;
  scanner.skip_space();
  while (begins_clause(scanner.peek())) {
    auto clause = parse_specifier(scanner);
    if (!clause) return std::unexpected(std::move(clause.error()));
    clauses.push_back(*std::move(clause));
    scanner.skip_space();
    if (!scanner.accept(",")) break;
    scanner.skip_space();
    if (!begins_clause(scanner.peek()) && !ends_set(scanner)) {
      return scanner.expected("a comparison such as '>=' after ','");
    }
  }
  return SpecifierSet(std::move(clauses));
}

Result<Specifier> Specifier::parse(std::string_view text) {
  Scanner scanner(text);
  scanner.skip_space();
  auto specifier = parse_specifier(scanner);
  scanner.skip_space();
  if (specifier && !scanner.at_end()) return scanner.expected("the end of the clause");
  return specifier;
}

std::string Specifier::str() const {
  std::string text(spelling(op_));
  if (op_ == Operator::arbitrary) return text + text_;
  return text + version_->str() + (wildcard_ ? ".*" : "");
}

bool Specifier::contains(const Version& version) const {
  switch (op_) {
    case Operator::arbitrary:
      return version.str() == lower_case(text_);
    case Operator::equal:
      return wildcard_ ? has_prefix(version, *version_, version_->release().size())
                       : matches(version, *version_);
    case Operator::not_equal:
      return wildcard_ ? !has_prefix(version, *version_, version_->release().size())
                       : !matches(version, *version_);
    case Operator::compatible:
      return version.compare_public(*version_) >= 0 &&
             has_prefix(version, *version_, version_->release().size() - 1);
    case Operator::less_equal:
      return version.compare_public(*version_) <= 0;
    case Operator::greater_equal:
      return version.compare_public(*version_) >= 0;
    case Operator::less:
      return is_less(version, *version_);
    case Operator::greater:
      return is_greater(version, *version_);
  }
  return false;
}

bool Specifier::names_prerelease() const {
  return op_ != Operator::not_equal && version_ && version_->is_prerelease();
}

SpecifierSet::SpecifierSet(std::vector<Specifier> clauses) {
  if (clauses.size() < 2) {
    clauses_ = std::move(clauses);
    return;
  }
  std::map<std::string, Specifier> sorted;
  for (Specifier& clause : clauses) sorted.try_emplace(clause.str(), std::move(clause));
  for (auto& [text, clause] : sorted) clauses_.push_back(std::move(clause));
}

Result<SpecifierSet> SpecifierSet::parse(std::string_view text) {
  Scanner scanner(text);
  auto set = parse_specifier_set(scanner);
  if (set && !scanner.at_end()) {
    return scanner.expected(set->empty() ? "a comparison such as '>='" : "',' or the end of the specifier");
  }
  return set;
}

std::string SpecifierSet::str() const {
  std::string text;
  for (const Specifier& clause : clauses_) {
    if (!text.empty()) text += ',';
    text += clause.str();
  }
  return text;
}

bool SpecifierSet::contains(const Version& version) const {
  return std::ranges::all_of(clauses_, [&](const Specifier& clause) { return clause.contains(version); });
}

bool SpecifierSet::names_prerelease() const {
  return std::ranges::any_of(clauses_, &Specifier::names_prerelease);
}

SpecifierSet SpecifierSet::operator&(const SpecifierSet& other) const {
  std::vector<Specifier> both = clauses_;
  both.insert(both.end(), other.clauses_.begin(), other.clauses_.end());
  return SpecifierSet(std::move(both));
}

}  // namespace wheelbarrow::packaging
