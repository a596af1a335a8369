// Versions (PEP 440): an input is two or three of them between line feeds.
#include <array>
#include <optional>
#include <string>

#include "fuzz/check.hpp"
#include "packaging/version.hpp"

namespace wheelbarrow::fuzz {
namespace {

using packaging::Version;

void check_spelling(const Version& version, std::string_view text) {
  const std::string written = version.str();
  const auto again = Version::parse(written);
  check(again.has_value(), "the normalized spelling is a version", written);
  check(*again == version && again->str() == written, "the normalized spelling is the same version", written);
  check(written.starts_with(version.public_version()), "the public version comes first", written);
  check(version.public_version().starts_with(version.base_version()), "the base version comes first",
        written);
  check(written.size() <= 4 * text.size() + 16, "a spelling is bounded", written);
  const auto base = Version::parse(version.base_version());
  check(base && !base->is_prerelease() && base->compare_base(version) == 0, "the base version is one",
        written);
}

void check_pair(const Version& a, const Version& b) {
  const std::string both = a.str() + " and " + b.str();
  check(((a <=> b) < 0) == ((b <=> a) > 0), "the order is antisymmetric", both);
  check((a == b) == ((a <=> b) == 0), "equality is that of the order", both);
  if (a.compare_public(b) != 0)
    check((a <=> b) == a.compare_public(b), "the public version decides first", both);
  if (a.compare_public(b) < 0) check(a.compare_base(b) <= 0, "a base version is in order", both);
}

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  using packaging::Version;
  std::string_view text = fuzz::text_of(data, size);
  std::array<std::optional<Version>, 3> versions;
  for (auto& version : versions) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    auto parsed = Version::parse(line);
    if (!parsed) continue;
    version = *parsed;
    fuzz::check_spelling(*version, line);
  }
  const auto& [a, b, c] = versions;
  if (a && b) fuzz::check_pair(*a, *b);
  if (a && b && c && *a <= *b && *b <= *c) {
    fuzz::check(*a <= *c, "the order is transitive", a->str() + ", " + b->str() + ", " + c->str());
  }
  return 0;
}
