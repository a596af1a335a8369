// About how large bytes are once compressed, from the bytes alone: no library, version or machine has a say,
// so names may depend on it. What a compressor really makes of them differs from one to the next and gets
// smaller when a better form is found; a bundle that is cut by such sizes would change its name under its
// clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wheelbarrow::bundle {

// Bytes, near what zstd makes of `content` at level 3 and rather above it. Looks at a quarter of the content.
std::uint64_t estimate_coded_size(std::span<const std::byte> content);

}  // namespace wheelbarrow::bundle
