#include "wheelhouse/yanked_mark.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "wheelhouse/archive_file.hpp"
#include "wheelhouse/entry_path.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

constexpr std::size_t longest_reason = 1000;  // bytes
constexpr std::size_t looked_at = 4096;       // bytes from the beginning of the file
constexpr std::string_view white_space = " \t\r\n";

// Without the blank lines before it.
std::string_view first_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  text = text.substr(0, text.find('\n'));
  return text.substr(0, text.find_last_not_of(white_space) + 1);
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

}  // namespace

std::filesystem::path yanked_mark_of(const std::filesystem::path& wheel) {
  std::filesystem::path mark = wheel;
  return mark += yanked_suffix;
}

std::filesystem::path wheel_of_mark(const std::filesystem::path& mark) {
  const std::string& text = mark.native();
  return text.substr(0, text.size() - yanked_suffix.size());
}

Result<void> check_yanked_reason(std::string_view reason) {
  const auto refuse = [](const char* why) { return fail(ErrorKind::invalid_input, why); };
  if (reason.size() > longest_reason) return refuse("its first line is longer than 1000 bytes");
  if (!is_valid_utf8(reason)) return refuse("its first line is not UTF-8");
  if (has_control_character(reason)) return refuse("its first line has a control character");
  return {};
}

Result<std::string> read_yanked_reason(const std::filesystem::path& mark) {
  const auto file = ArchiveFile::open(mark);
  if (!file) {
    return std::unexpected(file.error());
  }
  std::string text(looked_at, '\0');
  const auto size = file->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!size) {
    return std::unexpected(size.error());
  }
  const std::string_view reason = first_line(std::string_view(text).substr(0, *size));
  if (auto checked = check_yanked_reason(reason); !checked) {
    checked.error().kind = ErrorKind::corrupt;
    checked.error().where = mark.string();
    return std::unexpected(checked.error());
  }
  return std::string(reason);
}

}  // namespace wheelbarrow::wheelhouse
