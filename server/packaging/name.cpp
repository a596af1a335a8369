#include "packaging/name.hpp"

#include <algorithm>

#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

bool is_separator(char c) {
  return c == '-' || c == '_' || c == '.';
}

}  // namespace

bool is_valid_name(std::string_view name) {
  return !name.empty() && is_alphanumeric(name.front()) && is_alphanumeric(name.back()) &&
         std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || is_separator(c); });
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

}  // namespace wheelbarrow::packaging
