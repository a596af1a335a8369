// Raw deflate data (RFC 1951) that can be continued: every block says that another follows, and the last byte
// is whole.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::bundle {

// Compresses `content`, at most some megabytes, as well as libdeflate can. libdeflate only makes whole
// streams; this one's last block loses its mark and is followed by an empty stored block, which is how zlib's
// Z_FULL_FLUSH ends.
Result<std::vector<std::byte>> deflate_best(std::span<const std::byte> content);

}  // namespace wheelbarrow::bundle
