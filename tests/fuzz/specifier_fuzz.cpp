// Version specifiers (PEP 440): the first line of an input is a set, the second a version to try on it.
#include <string>

#include "fuzz/check.hpp"
#include "packaging/specifier.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  using packaging::SpecifierSet;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t end = text.find('\n');
  const auto set = SpecifierSet::parse(text.substr(0, end));
  if (!set) {
    fuzz::check(set.error().message.contains(" at column "), "a mistake has its column", set.error().message);
    return 0;
  }
  const std::string written = set->str();
  const auto again = SpecifierSet::parse(written);
  fuzz::check(again && again->str() == written, "a set can be written", written);
  fuzz::check((*set & *again).str() == written, "a set with itself is itself", written);
  fuzz::check(again->names_prerelease() == set->names_prerelease(), "it names the same pre-releases",
              written);
  if (end == std::string_view::npos) return 0;
  const auto version = packaging::Version::parse(text.substr(end + 1));
  if (!version) return 0;
  bool all = true;
  for (const packaging::Specifier& clause : set->clauses()) {
    all = all && clause.contains(*version);
  }
  fuzz::check(set->contains(*version) == all, "all clauses hold", written + " and " + version->str());
  fuzz::check(again->contains(*version) == all, "it contains the same", written + " and " + version->str());
  return 0;
}
