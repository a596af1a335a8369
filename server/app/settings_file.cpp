#include "app/settings_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace wheelbarrow::app {
namespace {

constexpr std::size_t largest_file = std::size_t{1024} * 1024;

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal integer or a float of TOML.
bool is_number(std::string_view text) {
  const auto take_sign = [&text] {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  };
  const auto take_digits = [&text] {  // a '_' between two of them is allowed
    std::size_t size = 0;
    while (size < text.size() &&
           (is_digit(text[size]) || (size > 0 && text[size] == '_' && text[size - 1] != '_')))
      ++size;
    const bool good = size > 0 && text[size - 1] != '_';
    text.remove_prefix(size);
    return good;
  };
  take_sign();
  const bool leading_zero = text.size() > 1 && text[0] == '0' && (is_digit(text[1]) || text[1] == '_');
  if (leading_zero || !take_digits()) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!take_digits()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    take_sign();
    if (!take_digits()) return false;
  }
  return text.empty();
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// What is wrong with a line; parse_settings() adds where.
using Wrong = std::unexpected<std::string>;
template <class T>
using Parsed = std::expected<T, std::string>;

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  }

  unsigned line() const { return line_; }
  bool at_end() const { return rest_.empty(); }

  // Spaces, comments and line ends.
  void skip_lines() {
    while (true) {
      skip_spaces();
      skip_comment();
      if (!take_line_end()) return;
    }
  }

  Parsed<Setting> setting() {
    if (peek() == '[') return Wrong("there are no tables here, only options: name = value");
    Setting setting;
    setting.line = line_;
    Parsed<std::string> name = key();
    if (!name) return Wrong(name.error());
    setting.name = std::move(*name);
    skip_spaces();
    if (!take('=')) return Wrong("expected 'name = value', with the name of an option");
    skip_spaces();
    setting.is_list = peek() == '[';
    Parsed<std::vector<std::string>> values = setting.is_list ? array() : one_value();
    if (!values) return Wrong(values.error());
    setting.values = std::move(*values);
    skip_spaces();
    skip_comment();
    if (!at_end() && !take_line_end()) return Wrong("expected the end of the line after the value");
    return setting;
  }

 private:
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_line_end() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!take('\n')) return false;
    ++line_;
    return true;
  }
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
  void skip_comment() {
    if (peek() != '#') return;
    std::size_t end = std::min(rest_.find('\n'), rest_.size());
    if (end < rest_.size() && rest_[end - 1] == '\r') --end;
    rest_.remove_prefix(end);
  }

  Parsed<std::string> key() {
    if (peek() == '"' || peek() == '\'') return text();
    const auto* const end = std::ranges::find_if_not(rest_, is_bare);
    std::string name(rest_.begin(), end);
    if (name.empty()) return Wrong("expected 'name = value', with the name of an option");
    rest_.remove_prefix(name.size());
    return name;
  }

  Parsed<std::vector<std::string>> one_value() {
    Parsed<std::string> only = value();
    if (!only) return Wrong(only.error());
    return std::vector{std::move(*only)};
  }

  Parsed<std::vector<std::string>> array() {
    take('[');
    std::vector<std::string> values;
    while (true) {
      skip_lines();
      if (take(']')) return values;
      if (at_end()) return Wrong("the array that begins here is not closed by ']'");
      Parsed<std::string> next = value();
      if (!next) return Wrong(next.error());
      values.push_back(std::move(*next));
      skip_lines();
      if (!take(',') && peek() != ']') return Wrong("expected ',' or ']' in an array");
    }
  }

  Parsed<std::string> value() {
    if (peek() == '"' || peek() == '\'') return text();
    if (peek() == '[') return Wrong("no option takes an array within an array");
    if (peek() == '{') return Wrong("no option takes an inline table");
    const auto* const end = std::ranges::find_if(rest_, [](char c) {
      return c == ',' || c == ']' || c == '#' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
    });
    std::string word(rest_.begin(), end);
    rest_.remove_prefix(word.size());
    if (word.empty()) return Wrong("a value is missing");
    if (word == "true" || word == "false") return word;
    if (!is_number(word))
      return Wrong("a value is a number, true, false, text in quotes, or an array of these");
    std::erase(word, '_');
    return word.substr(word.starts_with('+') ? 1 : 0);
  }

  Parsed<std::string> text() {
    const char quote = peek();
    if (rest_.starts_with(std::string(3, quote)))
      return Wrong("text must be on one line, in single quotes or \"\"");
    take(quote);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote) {
      const char c = rest_.front();
      if (c == '\n' || c == '\r') break;
      if (is_control(c)) return Wrong("a control character in a text; write it as \\uXXXX");
      rest_.remove_prefix(1);
      if (c != '\\' || quote == '\'') {
        text.push_back(c);
      } else if (!take_escape(text)) {
        return Wrong(
            "an unknown escape in a text; a backslash is written \\\\, or as it is in single quotes");
      }
    }
    if (!take(quote)) return Wrong("a text is not closed by its quote");
    return text;
  }

  bool take_escape(std::string& text) {
    static constexpr std::string_view letters = "btnfr\"\\";
    static constexpr std::string_view meanings = "\b\t\n\f\r\"\\";
    const char letter = peek();
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    if (const std::size_t at = letters.find(letter); at != letters.npos) {
      text.push_back(meanings[at]);
      return true;
    }
    const std::size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    if (digits == 0 || rest_.size() < digits) return false;
    std::uint32_t code = 0;
    const char* const end = rest_.data() + digits;
    if (const auto read = std::from_chars(rest_.data(), end, code, 16);
        read.ec != std::errc{} || read.ptr != end)
      return false;
    // No Unicode scalar value; NUL would end a path early.
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    rest_.remove_prefix(digits);
    append_utf8(text, code);
    return true;
  }

  std::string_view rest_;
  unsigned line_ = 1;
};

}  // namespace

Result<std::vector<Setting>> parse_settings(std::string_view text, const std::string& file) {
  Reader reader(text);
  std::vector<Setting> settings;
  const auto refused = [&file](unsigned line, std::string message) {
    return fail(ErrorKind::invalid_input, std::move(message), file + ":" + std::to_string(line));
  };
  for (reader.skip_lines(); !reader.at_end(); reader.skip_lines()) {
    const unsigned line = reader.line();
    Parsed<Setting> setting = reader.setting();
    if (!setting) return refused(line, setting.error());
    const auto before = std::ranges::find(settings, setting->name, &Setting::name);
    if (before != settings.end()) {
      return refused(line,
                     "'" + setting->name + "' is set in line " + std::to_string(before->line) + " already");
    }
    settings.push_back(std::move(*setting));
  }
  return settings;
}

Result<std::vector<Setting>> read_settings(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A folder opens, and can't be read.
  if (!stream.eof() && !stream.good())
    return fail(ErrorKind::invalid_input, "the configuration file can't be read", file);
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > largest_file)
    return fail(ErrorKind::invalid_input, "a configuration file of more than 1 MiB", file);
  return parse_settings(text, file);
}

std::string quoted_setting(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (is_control(c)) {
      const auto code = static_cast<unsigned char>(c);
      quoted.append("\\u00").append({digits[code >> 4], digits[code & 15]});
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + '"';
}

}  // namespace wheelbarrow::app
