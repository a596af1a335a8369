#include "bundle/record.hpp"

namespace wheelbarrow::bundle {
namespace {

// RFC 4180: a field with a comma, quote or line break is quoted, its quotes doubled.
std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string record_line(std::string_view path) {
  return csv_field(path) + ",,\n";
}

std::string record_line(std::string_view path, const Sha256& sha256, std::uint64_t size) {
  return csv_field(path) + ",sha256=" + sha256.base64url() + "," + std::to_string(size) + "\n";
}

}  // namespace wheelbarrow::bundle
