#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 120;
  std::string result = "'";
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  result += text.size() > longest ? "...'" : "'";
  return result;
}

std::unexpected<Error> Scanner::expected_at(std::string_view what, std::size_t position) const {
  std::string message = "expected " + std::string(what) + " at column " + std::to_string(position + 1);
  if (position >= text_.size()) {
    message += ", where the text ends";
  } else {
    constexpr std::size_t shown = 20;
    message += ", found " + quoted(text_.substr(position, shown));
  }
  return fail(ErrorKind::invalid_input, std::move(message));
}

}  // namespace wheelbarrow::packaging
