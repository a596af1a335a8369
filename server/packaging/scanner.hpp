// Private to this room: a position in a text, and errors that name the column (1-based, in bytes).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wheelbarrow::packaging {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || is_letter(c);
}
constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text);
std::string_view trim(std::string_view text);

// What counts as white space: PEP 440 takes any, PEP 508 ("wsp") only what stays on the line.
enum class WhiteSpace { any, within_line };

class Scanner {
 public:
  explicit Scanner(std::string_view text, WhiteSpace white_space = WhiteSpace::any)
      : text_(text), end_(text.size()), white_space_(white_space) {}
  // Reads one part of a text; columns are those of the whole text.
  Scanner(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text), position_(begin), end_(end) {}

  bool at_end() const { return position_ == end_; }
  // The next character, or NUL at the end; a NUL in the text matches no grammar either.
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  std::string_view rest() const { return text_.substr(position_, end_ - position_); }
  // What was read from `start` on.
  std::string_view since(std::size_t start) const { return text_.substr(start, position_ - start); }
  std::size_t position() const { return position_; }
  void advance(std::size_t count) { position_ += count; }

  void skip_space() {
    take_while(
        [this](char c) { return white_space_ == WhiteSpace::any ? is_space(c) : c == ' ' || c == '\t'; });
  }
  bool accept(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    position_ += token.size();
    return true;
  }
  // In any case; `token` is in lower case.
  bool accept_ignoring_case(std::string_view token) {
    const bool found = rest().size() >= token.size() && lower_case(rest().substr(0, token.size())) == token;
    if (found) position_ += token.size();
    return found;
  }
  template <class Predicate>
  std::string_view take_while(Predicate predicate) {
    const std::size_t start = position_;
    while (!at_end() && predicate(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }

  // "expected <what> at column <position + 1>", followed by what stands there instead.
  std::unexpected<Error> expected(std::string_view what) const { return expected_at(what, position_); }
  std::unexpected<Error> expected_at(std::string_view what, std::size_t position) const;

 private:
  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
  WhiteSpace white_space_ = WhiteSpace::any;
};

// Text from outside, quoted for a message: valid UTF-8, shortened, control characters shown as '?'.
std::string quoted(std::string_view text, std::size_t longest = 120);

}  // namespace wheelbarrow::packaging
