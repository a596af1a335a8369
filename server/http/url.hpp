// Paths and queries of request targets (RFC 3986, and the URL standard's application/x-www-form-urlencoded).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::http {

// Percent-decodes a path and removes dot segments (RFC 3986 5.2.4). Refused: a bad escape, a NUL byte, an
// escaped slash, and a path that would climb above the root.
Result<std::string> decode_path(std::string_view path);

// Percent-encodes everything but unreserved characters, for one path segment or query value.
std::string percent_encode(std::string_view text);

// The pairs of a query in order, '+' read as a space as HTML forms write it (a literal '+' is "%2B").
// Refused: a bad escape, a NUL byte.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

// Whether this can go before all paths of a server: "/py", "/a/b"; no empty segments, no slash at the end, at
// most 1024 bytes, all of them unreserved characters (RFC 3986 2.3) or escapes.
bool is_path_prefix(std::string_view text);

// The path in an absolute URL, as it is, with what follows it; empty if there is none.
std::string_view path_of(std::string_view url);

}  // namespace wheelbarrow::http
