#include "http/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace wheelbarrow::http {
namespace {

// The length of the well-formed UTF-8 sequence at the start of `text` (Unicode, table 3-7); 0 if there is
// none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&byte](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xBF) return false;
    }
    return true;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1, 2) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned lowest = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned highest = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return byte(1) >= lowest && byte(1) <= highest && continues(2, 3) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned lowest = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
    return byte(1) >= lowest && byte(1) <= highest && continues(2, 4) ? 4 : 0;
  }
  return 0;
}

// A JSON string (RFC 8259 7). What is not UTF-8 becomes U+FFFD, byte by byte.
std::string json_string(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (length == 1 && static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00");
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out += '"';
}

// What a script may read and a cross-origin page may measure.
constexpr auto common_fields = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"access-control-allow-origin", "*"},
    {"access-control-expose-headers",
     "Accept-Ranges, Content-Encoding, Content-Length, Content-Location, Content-Range, ETag, Repr-Digest, "
     "Retry-After, Server-Timing, X-Request-Id"},
    {"cross-origin-resource-policy", "cross-origin"},
    {"timing-allow-origin", "*"},
    {"x-content-type-options", "nosniff"},
});

constexpr auto phrases = std::to_array<std::pair<unsigned, std::string_view>>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});
static_assert(std::ranges::is_sorted(phrases, {}, [](const auto& entry) { return entry.first; }));

}  // namespace

Response problem(unsigned status, std::string_view detail, std::string_view members) {
  std::string body = R"({"type":"about:blank","title":)" + json_string(reason_phrase(status));
  body.append(",\"status\":").append(std::to_string(status));
  body.append(",\"detail\":").append(json_string(detail));
  if (!members.empty()) body.append(",").append(members);
  body.append("}\n");
  Response response;
  response.status = status;
  response.fields.add("content-type", "application/problem+json");
  response.fields.add("cache-control", "no-store");
  response.body.push_back(Slice::of(std::move(body)));
  return response;
}

void add_common_fields(Response& response) {
  for (const auto& [name, value] : common_fields) {
    if (!response.fields.has(name)) response.fields.add(name, value);
  }
}

Response options_response(std::string_view allow) {
  Response response;
  response.status = 204;
  response.fields.add("allow", allow);
  response.fields.add("access-control-allow-methods", allow);
  response.fields.add(
      "access-control-allow-headers",
      "Accept, Authorization, Available-Dictionary, Cache-Control, Content-Type, Dictionary-ID, If-Match, "
      "If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Pragma, Priority, Range, "
      "Traceparent, X-Request-Id");
  response.fields.add("access-control-max-age", "86400");
  return response;
}

std::string_view reason_phrase(unsigned status) {
  const auto entry =
      std::ranges::lower_bound(phrases, status, {}, [](const auto& candidate) { return candidate.first; });
  return entry != phrases.end() && entry->first == status ? entry->second : "Unknown";
}

}  // namespace wheelbarrow::http
