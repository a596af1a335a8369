// Version specifiers (PEP 440 "Version specifiers").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "packaging/version.hpp"

namespace wheelbarrow::packaging {

class Scanner;

// One clause such as ">=1.2", "==1.*", "~=2.3" or "===weird".
class Specifier {
 public:
  enum class Operator { compatible, equal, not_equal, less_equal, greater_equal, less, greater, arbitrary };

  static Result<Specifier> parse(std::string_view text);

  Operator op() const { return op_; }
  // The normalized clause.
  std::string str() const;
  // Whether the version meets the clause, pre-releases not treated specially.
  bool contains(const Version& version) const;
  // Whether the clause itself names a pre-release, which admits pre-releases (PEP 440 "Handling of
  // pre-releases"); never for "!=", which names what is not wanted.
  bool names_prerelease() const;

 private:
  friend Result<Specifier> parse_specifier(Scanner& scanner);

  Operator op_ = Operator::equal;
  std::optional<Version> version_;  // for "===" only if the text is a version
  bool wildcard_ = false;           // "==1.2.*", "!=1.2.*"
  std::string text_;                // for "===" what it compares, as written
};

// Clauses that must all hold; the empty set holds for every version.
class SpecifierSet {
 public:
  SpecifierSet() = default;
  // In any order, repeats allowed.
  explicit SpecifierSet(std::vector<Specifier> clauses);
  // Comma-separated clauses. The message of an error says at which column (1-based) of `text` what was
  // expected.
  static Result<SpecifierSet> parse(std::string_view text);

  // The clauses normalized, sorted and joined by commas: equal sets give equal strings.
  std::string str() const;
  bool empty() const { return clauses_.empty(); }
  // Sorted by str(), without repeats.
  const std::vector<Specifier>& clauses() const { return clauses_; }
  // Whether every clause holds; whether a pre-release is welcome is the caller's decision (see
  // names_prerelease).
  bool contains(const Version& version) const;
  bool names_prerelease() const;
  // The set in which the clauses of both must hold.
  SpecifierSet operator&(const SpecifierSet& other) const;

 private:
  std::vector<Specifier> clauses_;
};

}  // namespace wheelbarrow::packaging
