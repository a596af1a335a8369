#include "packaging/scanner.hpp"

#include "packaging/utf8.hpp"

namespace wheelbarrow::packaging {
namespace {

// At most `longest` bytes, whole UTF-8 sequences of a text that is made of them.
std::string_view shorten(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U) --longest;
  return text.substr(0, longest);
}

}  // namespace

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

std::string quoted(std::string_view text, std::size_t longest) {
  std::string shown = to_valid_utf8(shorten(text, longest));
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  const char quote = shown.contains('\'') && !shown.contains('"') ? '"' : '\'';
  return quote + shown + (text.size() > longest ? "..." : "") + quote;
}

std::unexpected<Error> Scanner::expected_at(std::string_view what, std::size_t position) const {
  std::string message = "expected " + std::string(what) + " at column " + std::to_string(position + 1);
  if (position >= text_.size()) {
    message += ", where the text ends";
  } else {
    constexpr std::size_t shown = 20;
    message += ", found " + quoted(text_.substr(position), shown);
  }
  return fail(ErrorKind::invalid_input, std::move(message));
}

}  // namespace wheelbarrow::packaging
