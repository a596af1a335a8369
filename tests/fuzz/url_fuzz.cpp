// Paths, queries and request targets (RFC 3986, RFC 9112 3.2). The first byte of an input chooses a method
// and a version for the target.
#include <string>

#include "fuzz/check.hpp"
#include "http/target.hpp"
#include "http/url.hpp"

namespace wheelbarrow::fuzz {
namespace {

void check_path(std::string_view text) {
  const auto path = http::decode_path(text);
  if (!path) return;
  check(path->starts_with('/'), "a path begins with a slash", *path);
  check(path->find('\0') == std::string::npos, "a path has no NUL", *path);
  const std::string closed = *path + "/";
  check(closed.find("/../") == std::string::npos && closed.find("/./") == std::string::npos,
        "a path has no dot segments", *path);
}

// Text that is written as one path segment or query value comes back.
void check_encoding(std::string_view text) {
  const std::string encoded = http::percent_encode(text);
  const bool has_nul = text.find('\0') != std::string_view::npos;
  if (!has_nul && text.find('/') == std::string_view::npos && text != "." && text != "..") {
    const auto path = http::decode_path("/" + encoded);
    check(path && *path == "/" + std::string(text), "a segment comes back", encoded);
  }
  const auto pairs = http::parse_query("a=" + encoded + "&" + encoded + "=b");
  check(pairs.has_value() != has_nul, "everything but NUL can be said", encoded);
  if (!pairs) return;
  check(pairs->size() == 2 && pairs->front().second == text && pairs->back().first == text,
        "a value comes back", encoded);
}

void check_query(std::string_view text) {
  const auto pairs = http::parse_query(text);
  if (!pairs) return;
  std::string again;
  for (const auto& [name, value] : *pairs) {
    check((name + value).find('\0') == std::string::npos, "a query has no NUL", text);
    again += http::percent_encode(name) + "=" + http::percent_encode(value) + "&";
  }
  const auto read = http::parse_query(again);
  check(read && *read == *pairs, "a query that was read can be written", again);
}

void check_target(std::string_view text, std::uint8_t choice) {
  http::Request request;
  request.method = (choice & 1U) != 0 ? "OPTIONS" : "GET";
  request.protocol = (choice & 2U) != 0 ? http::Protocol::http1 : http::Protocol::http2;
  request.authority = "before";
  if (!http::set_target(request, text)) return;
  check(request.path.starts_with('/') || (request.path == "*" && request.method == "OPTIONS"),
        "a path is one", request.path);
  check(request.path.find_first_of("?# \r\n") == std::string::npos, "a path ends before the query",
        request.path);
  check(request.query.find_first_of("# \r\n") == std::string::npos, "a query is one", request.query);
  const bool absolute = !text.starts_with('/') && text != "*";
  check(absolute || request.authority == "before", "only an absolute target replaces the authority", text);
  check(!absolute || request.protocol == http::Protocol::http1, "only HTTP/1.1 has absolute targets", text);
}

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow::fuzz;
  std::string_view input = text_of(data, size);
  const std::uint8_t choice = take_byte(input);
  check_path(input);
  check_encoding(input);
  check_query(input);
  check_target(input, choice);
  return 0;
}
