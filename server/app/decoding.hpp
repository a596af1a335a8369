// Undoing content codings, as a client does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wheelbarrow::app {

// The content of a body in "zstd" (any number of frames), "gzip" or "" (as it is). ErrorKind::corrupt if it
// isn't that, or is cut short; ErrorKind::limit if the content has more than `most` bytes.
Result<std::string> decode(std::string_view coding, std::string_view body, std::size_t most);

}  // namespace wheelbarrow::app
