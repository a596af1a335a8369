// Brotli (RFC 7932), which is smaller than zstd but can't be joined from pieces: made for a whole body, once
// it is known to be wanted often.
#pragma once

#include "base/error.hpp"
#include "base/slice.hpp"
#include "bundle/callback.hpp"
#include "store/store.hpp"

namespace wheelbarrow::bundle {

// Compresses `body` at the highest quality, with the largest window that RFC 7932 has (16 MiB): minutes for
// 100 MB, and 250 MB of memory. ErrorKind::cancelled soon after `give_up` says so.
Result<void> compress_brotli(const Slices& body, const GiveUp& give_up, store::BlobWriter& out);

}  // namespace wheelbarrow::bundle
