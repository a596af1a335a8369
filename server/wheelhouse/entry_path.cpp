#include "wheelhouse/entry_path.hpp"

#include <algorithm>
#include <cstddef>

#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

constexpr std::size_t max_path_length = 4096;    // Linux's PATH_MAX
constexpr std::size_t max_segment_length = 255;  // NAME_MAX

bool is_control(unsigned char c) {
  return c < 0x20 || c == 0x7f;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The length of the well-formed UTF-8 sequence that `text` begins with (Unicode table 3-7), 0 if there is
// none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto between = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return between(1, 0x80, 0xbf) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = between(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && between(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = between(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && between(2, 0x80, 0xbf) && between(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

std::optional<std::string> unsafe_segment_reason(std::string_view segment) {
  if (segment.empty()) {
    return "its path has an empty part";
  }
  if (segment == "." || segment == "..") {
    return "its path leaves the archive's root or is ambiguous ('" + std::string(segment) + "')";
  }
  if (segment.size() > max_segment_length) {
    return "a part of its path is longer than 255 bytes";
  }
  return std::nullopt;
}

// A folder sorts directly before what lies in it: '/' comes before every byte that a safe path can have.
bool tree_order(const PlacedPath& a, const PlacedPath& b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)); };
  return std::ranges::lexicographical_compare(a.path, b.path, {}, rank, rank);
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string> unsafe_path_reason(std::string_view path) {
  if (path.empty()) {
    return "its path is empty";
  }
  if (path.size() > max_path_length) {
    return "its path is longer than 4096 bytes";
  }
  if (std::ranges::any_of(path, [](char c) { return is_control(static_cast<unsigned char>(c)); })) {
    return "its path has a control character";
  }
  if (!is_valid_utf8(path)) {
    return "its path is not UTF-8";
  }
  if (path.contains('\\')) {
    return "its path has a backslash";
  }
  if (path.front() == '/') {
    return "its path is absolute";
  }
  if (path.size() >= 2 && is_letter(path[0]) && path[1] == ':') {
    return "its path begins with a drive letter";
  }
  if (path.back() == '/') {
    path.remove_suffix(1);
  }
  while (true) {
    const std::size_t slash = path.find('/');
    if (auto reason = unsafe_segment_reason(path.substr(0, slash))) {
      return reason;
    }
    if (slash == std::string_view::npos) {
      return std::nullopt;
    }
    path.remove_prefix(slash + 1);
  }
}

std::string printable_path(std::string_view path) {
  constexpr std::size_t shown = 200;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  while (!path.empty() && text.size() < shown) {
    const std::size_t length = sequence_length(path);
    const auto c = static_cast<unsigned char>(path.front());
    if (length == 0 || is_control(c)) {
      text += {'\\', 'x', digits[c >> 4U], digits[c & 15U]};
      path.remove_prefix(1);
    } else {
      text += path.substr(0, length);
      path.remove_prefix(length);
    }
  }
  return path.empty() ? text : text + "...";
}

std::optional<std::string> path_conflict(std::vector<PlacedPath> paths) {
  std::ranges::sort(paths, tree_order);
  for (std::size_t i = 0; i + 1 < paths.size(); ++i) {
    const PlacedPath& a = paths[i];
    const PlacedPath& b = paths[i + 1];
    if (a.path == b.path && !a.folder && !b.folder) {
      return printable_path(a.path) + " is in the archive twice";
    }
    const bool inside =
        b.path.size() > a.path.size() && b.path.starts_with(a.path) && b.path[a.path.size()] == '/';
    if ((a.path == b.path && a.folder != b.folder) || (inside && !a.folder)) {
      return printable_path(a.path) + " is both a file and a folder";
    }
  }
  return std::nullopt;
}

std::string installed_path(std::string_view entry_path) {
  const std::size_t first = entry_path.find('/');
  if (first == std::string_view::npos || !entry_path.substr(0, first).ends_with(".data")) {
    return std::string(entry_path);
  }
  const std::string_view rest = entry_path.substr(first + 1);
  for (const std::string_view scheme : {"purelib/", "platlib/"}) {
    if (rest.starts_with(scheme) && rest.size() > scheme.size()) {
      return std::string(rest.substr(scheme.size()));
    }
  }
  return std::string(entry_path);
}

}  // namespace wheelbarrow::wheelhouse
