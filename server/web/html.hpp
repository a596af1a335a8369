// Text that anybody may have written, made safe to stand in HTML and in URLs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wheelbarrow::web {

// For element content and quoted attribute values. Bytes that are no UTF-8 and control characters other than
// tab and line feed become U+FFFD.
std::string escape_html(std::string_view text);

// Percent-encoding of everything but RFC 3986's unreserved characters: for one query value or path segment.
std::string percent_encode(std::string_view text);

// Whether a browser that follows `href` loads something, rather than running it: an http(s) URL, or a
// relative reference, which has no colon in its first segment (RFC 3986 section 4.2).
bool is_address(std::string_view href);

// "11.7 MB": decimal units, three significant digits at most.
std::string human_size(std::uint64_t bytes);

}  // namespace wheelbarrow::web
