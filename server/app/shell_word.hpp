// Text as one word of a shell's.
#pragma once

#include <string>
#include <string_view>

namespace wheelbarrow::app {

// In single quotes, as every shell takes it.
inline std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return word + '\'';
}

}  // namespace wheelbarrow::app
