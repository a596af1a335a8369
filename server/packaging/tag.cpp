#include "packaging/tag.hpp"

#include <algorithm>
#include <array>

#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

constexpr std::size_t max_tags = 1'000;

bool is_tag_character(char c) {
  return is_alphanumeric(c) || c == '_';
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_tag_value(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, is_tag_character);
}

}  // namespace

Result<std::vector<Tag>> parse_tag(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::invalid_input, quoted(text) + std::string(why));
  };
  constexpr std::string_view form = " is not a tag such as 'cp313-cp313-manylinux_2_28_x86_64' (PEP 425)";
  if (std::ranges::count(text, '-') != 2) return refuse(form);
  std::array<std::vector<std::string>, 3> fields;
  std::size_t count = 1;
  std::size_t index = 0;
  for (const std::string& field : split(lower_case(text), '-')) {
    auto& values = fields.at(index++);
    values = split(field, '.');
    if (!std::ranges::all_of(values, is_tag_value)) return refuse(form);
    count *= std::min(values.size(), max_tags + 1);
  }
  if (count > max_tags) return refuse(" stands for more than 1000 tags");
  std::vector<Tag> tags;
  tags.reserve(count);
  for (const std::string& interpreter : fields[0]) {
    for (const std::string& abi : fields[1]) {
      for (const std::string& platform : fields[2]) tags.push_back({interpreter, abi, platform});
    }
  }
  return tags;
}

}  // namespace wheelbarrow::packaging
