#include "packaging/name.hpp"

#include <algorithm>

#include "packaging/clause_parser.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

bool is_separator(char c) {
  return c == '-' || c == '_' || c == '.';
}

bool is_name_character(char c) {
  return is_alphanumeric(c) || is_separator(c);
}

}  // namespace

bool is_valid_name(std::string_view name) {
  return !name.empty() && is_alphanumeric(name.front()) && is_alphanumeric(name.back()) &&
         std::ranges::all_of(name, is_name_character);
}

std::string canonicalize_name(std::string_view name) {
  std::string result;
  result.reserve(name.size());
  bool in_run = false;
  for (const char c : name) {
    if (!is_separator(c)) {
      result += to_lower(c);
    } else if (!in_run) {
      result += '-';
    }
    in_run = is_separator(c);
  }
  return result;
}

Result<std::string> parse_name(Scanner& scanner, std::string_view what) {
  if (!is_alphanumeric(scanner.peek())) return scanner.expected(what);
  const std::string_view name = scanner.take_while(is_name_character);
  if (!is_alphanumeric(name.back())) {
    return scanner.expected_at("a letter or digit at the end of the name", scanner.position() - 1);
  }
  return canonicalize_name(name);
}

}  // namespace wheelbarrow::packaging
