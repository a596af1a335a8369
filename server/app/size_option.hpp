// Options that take bytes.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

namespace wheelbarrow::app {

// What CLI11 reads otherwise than it is meant: 010 is 8 for it, -1 a very large number, and so is what has
// too many digits. Empty if `text` is none of that.
inline std::string check_number(const std::string& text, bool may_be_negative) {
  constexpr std::size_t most_digits = 19;  // whatever they are, they fit into 64 bits
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789", sign), text.size()) - sign;
  if (digits > 1 && text[sign] == '0') return "'" + text + "' has a leading zero";
  if (digits > most_digits || (sign > 0 && !may_be_negative)) return "'" + text + "' is out of range";
  return {};
}

// Makes it take bytes, or a size with a unit of 1024 each: "500M", "20G".
inline CLI::Option* take_size(CLI::Option* option) {
  const auto check = [](const std::string& text) { return check_number(text, false); };
  // The last transformation that is added comes first.
  return option->type_name("SIZE")->transform(CLI::AsSizeValue(false))->transform(CLI::Validator(check, ""));
}

}  // namespace wheelbarrow::app
