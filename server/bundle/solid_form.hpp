// Brotli (RFC 7932), which is smaller than zstd but can't be joined from pieces: made for a whole body, once
// it is known to be wanted often.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/slice.hpp"
#include "bundle/callback.hpp"
#include "bundle/coded_form.hpp"
#include "store/store.hpp"

namespace wheelbarrow::bundle {

// Compresses `body` with the largest window that RFC 7932 has (16 MiB), Effort::best at the highest quality:
// minutes for 100 MB, and 250 MB of memory. ErrorKind::cancelled soon after `give_up` says so.
Result<void> compress_brotli(const Slices& body, Effort effort, const GiveUp& give_up,
                             store::BlobWriter& out);

// The same at the best effort for small content, in memory.
Result<std::vector<std::byte>> compress_brotli(std::span<const std::byte> content);

}  // namespace wheelbarrow::bundle
