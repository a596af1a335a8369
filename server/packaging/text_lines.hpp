// Private to this room: lines of a text that may end in LF, CRLF or CR.
#pragma once

#include <cstddef>
#include <string_view>

namespace wheelbarrow::packaging {

class TextLines {
 public:
  explicit TextLines(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  // REQUIRES: not at_end(). The next line without its end.
  std::string_view next() {
    const std::size_t end = rest_.find_first_of("\r\n");
    const std::string_view line = rest_.substr(0, end);
    ++number_;
    if (end == std::string_view::npos) {
      rest_ = {};
    } else {
      rest_.remove_prefix(rest_.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    }
    return line;
  }
  // Of the line that next() gave last, from 1.
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// Without a UTF-8 byte order mark.
constexpr std::string_view skip_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

}  // namespace wheelbarrow::packaging
