#include "bundle/delta.hpp"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/zstd_copy.hpp"

namespace wheelbarrow::bundle {
namespace {

// RFC 9842 2.2: a skippable frame (RFC 8878 3.1.2) of 32 bytes, which are the dictionary's SHA-256.
constexpr std::string_view dcz_magic{"\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8};

// What `bundle` consists of from `offset` on, as one run of bytes.
std::vector<std::byte> tail_of(const Bundle& bundle, std::uint64_t offset) {
  std::vector<std::byte> tail;
  tail.reserve(bundle.size() - offset);
  const auto append = [&](std::uint64_t start, std::span<const std::byte> bytes) {
    if (start + bytes.size() <= offset) return;
    const auto rest = bytes.subspan(start < offset ? offset - start : 0);
    tail.insert(tail.end(), rest.begin(), rest.end());
  };
  for (std::size_t i = 0; i < bundle.layers.size(); ++i) {
    append(bundle.manifest.members[i].offset, bundle.layers[i].bytes.bytes);
  }
  const auto end = bundle.last.in(Form::identity).bytes;
  append(bundle.size() - end.size(), end);
  return tail;
}

// Compresses against the end of a dictionary.
class DictionaryCompressor {
 public:
  explicit DictionaryCompressor(std::vector<std::byte> tail) : tail_(std::move(tail)) {}

  Result<void> compress(std::span<const std::byte> content, const GiveUp& give_up, store::BlobWriter& out) {
    if (!context_) return fail(ErrorKind::internal, "zstd has no memory");
    while (!content.empty()) {
      if (give_up && give_up()) return fail(ErrorKind::cancelled, "the delta was given up");
      const auto chunk = content.first(std::min<std::size_t>(content.size(), max_zstd_window));
      content = content.subspan(chunk.size());
      if (auto done = compress_frame(chunk, out); !done) return done;
    }
    return {};
  }

 private:
  Result<void> compress_frame(std::span<const std::byte> chunk, store::BlobWriter& out) {
    // The window must take in the dictionary for the encoder to look there; the frame says nothing of it,
    // because a frame of known size that fits its window is a single segment.
    const int window = std::clamp(static_cast<int>(std::bit_width(tail_.size() + chunk.size())), 20, 27);
    const std::pair<ZSTD_cParameter, int> parameters[] = {
        // Levels above 12 sort all of the dictionary into a tree: 25 s for 70 MB, to save 2 % of a small
        // delta.
        {ZSTD_c_compressionLevel, 12},
        {ZSTD_c_windowLog, window},
        // The default tables are made for the content's size and would miss most of a large dictionary.
        {ZSTD_c_hashLog, std::min(window, 22)},
        {ZSTD_c_chainLog, std::min(window, 23)},
        {ZSTD_c_enableLongDistanceMatching, 1},
    };
    for (const auto& [parameter, value] : parameters) {
      ZSTD_CCtx_setParameter(context_.get(), parameter, value);
    }
    ZSTD_CCtx_refPrefix(context_.get(), tail_.data(), tail_.size());
    coded_.resize(ZSTD_compressBound(chunk.size()));
    const std::size_t size =
        ZSTD_compress2(context_.get(), coded_.data(), coded_.size(), chunk.data(), chunk.size());
    if (ZSTD_isError(size) != 0) return fail(ErrorKind::internal, ZSTD_getErrorName(size));
    return out.append(std::span(coded_).first(size));
  }

  std::vector<std::byte> tail_;
  std::vector<std::byte> coded_;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_{ZSTD_createCCtx(), &ZSTD_freeCCtx};
};

Result<void> append(store::BlobWriter& out, std::string_view text) {
  return out.append(std::as_bytes(std::span(text)));
}

}  // namespace

Result<void> write_delta(const Bundle& held, const Bundle& wanted, std::span<const Slice> coded,
                         const GiveUp& give_up, store::BlobWriter& out) {
  if (held.size() > max_dictionary) {
    return fail(ErrorKind::limit, "the bundle is too large to be a dictionary", held.sha256.hex());
  }
  std::map<Sha256, const Member*> by_layer;
  std::map<std::string_view, const Member*> by_name;
  for (const Member& member : held.manifest.members) {
    by_layer.emplace(member.layer, &member);
    by_name.emplace(member.name, &member);
  }
  const std::string_view dictionary_id(reinterpret_cast<const char*>(held.sha256.bytes.data()),
                                       held.sha256.bytes.size());
  for (const std::string_view text : {dcz_magic, dictionary_id}) {
    if (auto written = append(out, text); !written) return written;
  }
  if (held.sha256 == wanted.sha256) return append(out, zstd_copy(held.size(), held.size()));
  if (auto written = append(out, wanted.first.in(Form::zstd).text()); !written) return written;
  for (std::size_t i = 0; i < wanted.layers.size(); ++i) {
    const Member& member = wanted.manifest.members[i];
    const std::span<const std::byte> content = wanted.layers[i].bytes.bytes;
    Result<void> written;
    if (const auto same = by_layer.find(member.layer); same != by_layer.end()) {
      written = append(out, zstd_copy(held.size() - same->second->offset, content.size()));
    } else if (const auto older = by_name.find(member.name); older != by_name.end()) {
      DictionaryCompressor compressor(tail_of(held, older->second->offset));
      written = compressor.compress(content, give_up, out);
    } else {
      written = out.append(coded[i].bytes);
    }
    if (!written) return written;
  }
  return append(out, wanted.last.in(Form::zstd).text());
}

}  // namespace wheelbarrow::bundle
