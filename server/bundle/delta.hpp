// A bundle as a difference to another one that the client holds: the content coding "dcz" of Compression
// Dictionary Transport (RFC 9842).
#pragma once

#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "base/slice.hpp"
#include "bundle/bundle.hpp"
#include "bundle/callback.hpp"
#include "store/store.hpp"

namespace wheelbarrow::bundle {

// The largest dictionary worth making a delta for, bytes: Chromium offers none of 110 MB, and a zstd window
// reaches no further than 128 MiB.
inline constexpr std::uint64_t max_dictionary = 104'857'600;

// Writes `wanted` coded with `held`'s identity bytes as the dictionary: the header of RFC 9842 2.2 (which
// names the dictionary by its SHA-256) and zstd frames, piece by piece. A layer that both have becomes a
// copy; one of a project that both have is compressed against the old one; any other is taken from `coded`,
// the zstd forms of `wanted`'s layers in order. Every frame is a single segment of at most 8 MiB, or one that
// doesn't use the dictionary, which is the form that every browser with dictionaries takes. ErrorKind::limit
// if `held` is larger than `max_dictionary`, ErrorKind::cancelled soon after `give_up` says so. Holds a copy
// of a part of `held` in memory meanwhile.
Result<void> write_delta(const Bundle& held, const Bundle& wanted, std::span<const Slice> coded,
                         const GiveUp& give_up, store::BlobWriter& out);

}  // namespace wheelbarrow::bundle
