// Private to this room: UTF-8 (RFC 3629).
#pragma once

#include <string>
#include <string_view>

namespace wheelbarrow::packaging {

// The text with U+FFFD for every byte that belongs to no well-formed sequence, so that it can go into JSON.
std::string to_valid_utf8(std::string_view text);

}  // namespace wheelbarrow::packaging
