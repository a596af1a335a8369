// Compressed pieces that join.
//
// A bundle's pieces (manifest, layers, end) are each compressed once and joined per request, so a piece must
// be coded in a way that a decoder can't tell a joined body from one made in one go:
//
//   zstd   A body may be a sequence of frames (RFC 8878 3). Each piece is one frame. Browsers refuse a window
//   above
//          8 MiB (RFC 9659), and a single-segment frame's window is its whole content, so windowLog is held
//          at 23.
//
//   gzip   Browsers decode only the first member of several (RFC 1952 allows more), so the body is one
//   member: a
//          header, the pieces as raw deflate data, each ended by a full flush (byte-aligned, no
//          back-references across it), an empty final block (03 00), and the CRC-32 and length of the whole,
//          which follow from those of the pieces (crc32_combine). A piece is kept as a complete .gz file of
//          its own, so that it carries its CRC and can be checked with gzip -t; joining leaves its header and
//          trailer out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/slice.hpp"
#include "bundle/callback.hpp"
#include "store/store.hpp"

namespace wheelbarrow::bundle {

// The forms in which bytes are kept and sent.
enum class Form { identity, zstd, gzip };
std::string_view name_of(Form form);

// How much time a form is worth: `fast` while a client waits, `best` in the background.
enum class Effort { fast, best };
std::string_view name_of(Effort effort);

// Compresses `content` into `out`, which is empty. `form` is not identity. ErrorKind::cancelled soon after
// `give_up` says so.
Result<void> compress(std::span<const std::byte> content, Form form, Effort effort, const GiveUp& give_up,
                      store::BlobWriter& out);

// The same for small content, in memory.
Result<std::vector<std::byte>> compress(std::span<const std::byte> content, Form form, Effort effort);

// Joins pieces that compress() made (identity pieces for Form::identity) into one body.
Slices join(Form form, std::span<const Slice> pieces);

}  // namespace wheelbarrow::bundle
