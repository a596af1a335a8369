#include "http/url.hpp"

#include <algorithm>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { literal, space };

// Percent-decodes one path segment, name or value.
Result<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
      if (low < 0) {
        return fail(ErrorKind::invalid_input, "'%' must be followed by two hexadecimal digits",
                    std::string(text));
      }
      c = static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus == Plus::space) {
      c = ' ';
    }
    if (c == '\0') return fail(ErrorKind::invalid_input, "a NUL byte is not allowed", std::string(text));
    out += c;
  }
  return out;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

Result<std::string> decode_path(std::string_view path) {
  if (!path.starts_with('/')) {
    return fail(ErrorKind::invalid_input, "a path must begin with '/'", std::string(path));
  }
  std::string out;  // segments, each with its leading '/'
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the '/' before this segment
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const bool is_last = end == rest.size();
    const Result<std::string> segment = decode(rest.substr(0, end), Plus::literal);
    rest.remove_prefix(end);
    if (!segment) return std::unexpected(segment.error());
    if (segment->find('/') != std::string::npos) {
      return fail(ErrorKind::invalid_input, "an escaped '/' is not allowed in a path", std::string(path));
    }
    if (*segment == "..") {
      if (out.empty())
        return fail(ErrorKind::invalid_input, "the path leads above the root", std::string(path));
      out.erase(out.rfind('/'));
    } else if (*segment != ".") {
      out.append("/").append(*segment);
      continue;
    }
    // A dot segment at the end names a folder: "/a/b/.." is "/a/".
    if (is_last) out += '/';
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = decode(pair.substr(0, equals), Plus::space);
    if (!name) return std::unexpected(name.error());
    Result<std::string> value = decode(pair.substr(std::min(equals + 1, pair.size())), Plus::space);
    if (!value) return std::unexpected(value.error());
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

bool is_path_prefix(std::string_view text) {
  static constexpr std::size_t longest = 1024;
  static constexpr std::string_view marks = "/-._~%";
  if (text.size() < 2 || text.size() > longest || text.front() != '/' || text.ends_with('/')) return false;
  if (text.find("//") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::string_view path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = scheme == std::string_view::npos ? scheme : url.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view() : url.substr(slash);
}

}  // namespace wheelbarrow::http
