// Versions and their order (PEP 440).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::packaging {

class Scanner;

// A parsed version; equal versions may have been spelled differently ("1.0" == "1.0.0" == "v1").
class Version {
 public:
  enum class Pre { a, b, rc };

  // Accepts every spelling that PEP 440's appendix B allows, surrounding white space and any case included.
  // Numbers are bounded to 64 bits; a longer one is ErrorKind::invalid_input like any other bad text. The
  // message says at which column (1-based) of `text` what was expected.
  static Result<Version> parse(std::string_view text);

  // The normalized spelling (PEP 440 "Normalization"): "1.0.RC1" gives "1.0rc1". Trailing zeros are kept.
  std::string str() const;
  // Without the local part ("1.0+cu12" gives "1.0").
  std::string public_version() const;
  // The release numbers alone, with the epoch ("1!2.0").
  std::string base_version() const;

  std::uint64_t epoch() const { return epoch_; }
  const std::vector<std::uint64_t>& release() const { return release_; }
  const std::optional<std::pair<Pre, std::uint64_t>>& pre() const { return pre_; }
  const std::optional<std::uint64_t>& post() const { return post_; }
  const std::optional<std::uint64_t>& dev() const { return dev_; }
  // Each segment is a number or lower-case text.
  const std::vector<std::variant<std::uint64_t, std::string>>& local() const { return local_; }

  // True for pre-releases and development releases, as `packaging.version.Version.is_prerelease`.
  bool is_prerelease() const { return pre_.has_value() || dev_.has_value(); }

  // The order of the public versions ("1.0+a" and "1.0+b" are equal) and of the base versions ("1.0a1" and
  // "1.0" are equal), as specifiers need them.
  std::strong_ordering compare_public(const Version& other) const;
  std::strong_ordering compare_base(const Version& other) const;

  // The order of PEP 440 "Summary of permitted suffixes and relative ordering"; equality ignores trailing
  // zeros.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

 private:
  friend Result<Version> parse_version(Scanner& scanner, std::string_view what);

  std::uint64_t epoch_ = 0;
  std::vector<std::uint64_t> release_;
  std::optional<std::pair<Pre, std::uint64_t>> pre_;
  std::optional<std::uint64_t> post_;
  std::optional<std::uint64_t> dev_;
  std::vector<std::variant<std::uint64_t, std::string>> local_;
};

}  // namespace wheelbarrow::packaging
