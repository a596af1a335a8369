// A zstd frame that only copies from a dictionary, written by hand: it costs about 15 bytes per 128 KiB and
// no time, where an encoder would have to search for what is known already.
#pragma once

#include <cstdint>
#include <string>

namespace wheelbarrow::bundle {

inline constexpr std::uint64_t max_zstd_window = std::uint64_t{8} * 1024 * 1024;  // bytes (RFC 9659 3)

// Frames (RFC 8878 3.1.1) that decode to the `size` bytes that end `distance` - `size` bytes before the end
// of the raw-content dictionary; in other words, the copy begins `distance` bytes before its end. Each frame
// is a single segment of at most `max_zstd_window` bytes, from the whole of which the dictionary can be
// reached. REQUIRES: size is a multiple of 512, and size <= distance <= 2^30.
std::string zstd_copy(std::uint64_t distance, std::uint64_t size);

}  // namespace wheelbarrow::bundle
