#include "packaging/tag.hpp"

#include <algorithm>
#include <array>

#include "packaging/clause_parser.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

constexpr std::size_t max_tags = 1'000;

bool is_tag_character(char c) {
  return is_alphanumeric(c) || c == '_';
}

// The values of one field of a compressed tag set, between dots.
Result<std::vector<std::string>> parse_values(Scanner& scanner, std::string_view what) {
  std::vector<std::string> values;
  do {
    const std::string_view value = scanner.take_while(is_tag_character);
    if (value.empty()) return scanner.expected(what);
    values.push_back(lower_case(value));
  } while (scanner.accept("."));
  return values;
}

}  // namespace

Result<std::vector<Tag>> parse_tag(Scanner& scanner) {
  constexpr std::array<std::string_view, 3> wanted = {"a Python tag such as py3", "an ABI tag such as none",
                                                      "a platform tag such as any"};
  const std::size_t start = scanner.position();
  std::array<std::vector<std::string>, 3> fields;
  std::size_t count = 1;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0 && !scanner.accept("-")) return scanner.expected("'-' and " + std::string(wanted.at(i)));
    auto values = parse_values(scanner, wanted.at(i));
    if (!values) return std::unexpected(std::move(values.error()));
    count *= std::min(values->size(), max_tags + 1);
    fields.at(i) = *std::move(values);
  }
  if (!scanner.at_end()) return scanner.expected("the end of the platform tag, or '.' and another");
  if (count > max_tags) return scanner.expected_at("at most 1000 tags", start);
  std::vector<Tag> tags;
  tags.reserve(count);
  for (const std::string& interpreter : fields[0]) {
    for (const std::string& abi : fields[1]) {
      for (const std::string& platform : fields[2]) tags.push_back({interpreter, abi, platform});
    }
  }
  return tags;
}

Result<std::vector<Tag>> parse_tag(std::string_view text) {
  Scanner scanner(text);
  return parse_tag(scanner);
}

}  // namespace wheelbarrow::packaging
