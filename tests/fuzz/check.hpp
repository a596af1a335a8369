// What must hold for every input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace wheelbarrow::fuzz {

// Ends the process, which the fuzzer reports together with the input.
inline void check(bool holds, std::string_view what, std::string_view about = {}) {
  if (holds) return;
  std::cerr << "\nbroken: " << what << "\n" << about << "\n";
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes one byte off the front of the input, for a choice that isn't part of the text; 0 at its end.
inline std::uint8_t take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

}  // namespace wheelbarrow::fuzz
