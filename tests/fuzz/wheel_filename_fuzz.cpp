// Wheel file names (PEP 427) and their tags (PEP 425).
#include <string>

#include "fuzz/check.hpp"
#include "packaging/name.hpp"
#include "packaging/wheel_filename.hpp"

namespace wheelbarrow::fuzz {
namespace {

void check_tags(std::string_view text) {
  const auto tags = packaging::parse_tag(text);
  if (!tags) return;
  check(!tags->empty() && tags->size() <= 1'000, "there are tags, but not too many", text);
  for (const packaging::Tag& tag : *tags) {
    const auto again = packaging::parse_tag(tag.str());
    check(again && again->size() == 1 && again->front() == tag, "a tag can be written", tag.str());
  }
}

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::check_tags(text);
  const auto wheel = packaging::parse_wheel_filename(text);
  if (!wheel) return 0;
  fuzz::check(text.find_first_of("/\\ \t\r\n") == std::string_view::npos, "a file name is one", text);
  fuzz::check(packaging::is_valid_name(wheel->name), "a name is one", wheel->name);
  std::string stem = wheel->name;
  for (char& c : stem) {
    if (c == '-') c = '_';
  }
  stem += "-" + wheel->version.str();
  if (wheel->build) stem += "-" + std::to_string(wheel->build->first) + wheel->build->second;
  const auto again = packaging::parse_wheel_filename(stem + "-" + wheel->tags.front().str() + ".whl");
  fuzz::check(again && again->name == wheel->name && again->version == wheel->version &&
                  again->build == wheel->build && again->tags.front() == wheel->tags.front(),
              "a file name can be written", stem);
  return 0;
}
