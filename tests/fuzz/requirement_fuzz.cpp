// Requirements (PEP 508).
#include <algorithm>
#include <string>

#include "fuzz/check.hpp"
#include "packaging/name.hpp"
#include "packaging/requirement.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  using packaging::Requirement;
  const auto is_canonical = [](const std::string& name) {
    return packaging::is_valid_name(name) && packaging::canonicalize_name(name) == name;
  };
  const std::string_view text = fuzz::text_of(data, size);
  const auto requirement = Requirement::parse(text);
  if (!requirement) {
    fuzz::check(requirement.error().message.contains(" at column "), "a mistake has its column",
                requirement.error().message);
    return 0;
  }
  const std::string written = requirement->str();
  fuzz::check(is_canonical(requirement->name), "a name is canonical", written);
  fuzz::check(std::ranges::all_of(requirement->extras, is_canonical), "an extra's name is canonical",
              written);
  fuzz::check(requirement->url.empty() || requirement->specifier.empty(), "a URL has no versions", written);
  const auto again = Requirement::parse(written);
  fuzz::check(again && again->str() == written, "a requirement can be written", written);
  fuzz::check(again->name == requirement->name && again->extras == requirement->extras &&
                  again->url == requirement->url && again->specifier.str() == requirement->specifier.str() &&
                  again->marker.has_value() == requirement->marker.has_value(),
              "what is written means the same", written);
  return 0;
}
