// Core metadata, and the header fields that it and WHEEL consist of.
#include <algorithm>
#include <string>

#include "fuzz/check.hpp"
#include "packaging/metadata.hpp"
#include "packaging/name.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  const std::string_view text = fuzz::text_of(data, size);
  const auto fields = packaging::parse_header_fields(text);
  const auto metadata = packaging::parse_metadata(text);
  fuzz::check(fields || !metadata, "metadata are header fields", text);
  if (fields) {
    std::string written;
    for (const auto& [name, value] : *fields) {
      fuzz::check(value.find_first_of("\r\n") == std::string::npos, "a value is folded", value);
      written += name + ": " + value + "\n";
    }
    const auto again = packaging::parse_header_fields(written);
    fuzz::check(again && *again == *fields, "header fields can be written", written);
  }
  if (!metadata) return 0;
  fuzz::check(packaging::is_valid_name(metadata->name), "a name is one", metadata->name);
  fuzz::check(std::ranges::all_of(metadata->provides_extra, packaging::is_valid_name),
              "an extra's name is one", text);
  for (const packaging::Requirement& requirement : metadata->requires_dist) {
    const std::string requirement_text = requirement.str();
    fuzz::check(packaging::Requirement::parse(requirement_text).has_value(), "a requirement can be written",
                requirement_text);
  }
  return 0;
}
