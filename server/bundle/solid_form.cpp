#include "bundle/solid_form.hpp"

#include <brotli/encode.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace wheelbarrow::bundle {
namespace {

constexpr std::uint32_t fast_quality = 5;  // as fast as zstd at level 6 or so, and smaller than at 3
constexpr std::size_t input_step = std::size_t{256} * 1024;  // bytes between two looks at `give_up`

using Encoder = std::unique_ptr<BrotliEncoderState, decltype(&BrotliEncoderDestroyInstance)>;

// Feeds bytes and writes what comes out; with BROTLI_OPERATION_FINISH until the end.
Result<void> feed(BrotliEncoderState* encoder, std::span<const std::byte> bytes,
                  BrotliEncoderOperation operation, store::BlobWriter& out) {
  std::size_t left = bytes.size();
  const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
  do {
    std::size_t space = 0;
    if (BrotliEncoderCompressStream(encoder, operation, &left, &next, &space, nullptr, nullptr) ==
        BROTLI_FALSE) {
      return fail(ErrorKind::internal, "Brotli has no memory");
    }
    std::size_t size = 0;  // 0: whatever there is
    const auto* const coded = reinterpret_cast<const std::byte*>(BrotliEncoderTakeOutput(encoder, &size));
    if (auto written = out.append({coded, size}); !written) return written;
  } while (left > 0 || BrotliEncoderHasMoreOutput(encoder) == BROTLI_TRUE);
  return {};
}

}  // namespace

Result<void> compress_brotli(const Slices& body, Effort effort, const GiveUp& give_up,
                             store::BlobWriter& out) {
  const Encoder encoder(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr),
                        &BrotliEncoderDestroyInstance);
  if (!encoder) return fail(ErrorKind::internal, "Brotli has no memory");
  BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_QUALITY,
                            effort == Effort::best ? BROTLI_MAX_QUALITY : fast_quality);
  BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_LGWIN, BROTLI_MAX_WINDOW_BITS);
  const std::uint64_t size = total_size(body);
  BrotliEncoderSetParameter(
      encoder.get(), BROTLI_PARAM_SIZE_HINT,
      static_cast<std::uint32_t>(std::min<std::uint64_t>(size, std::numeric_limits<std::uint32_t>::max())));
  for (const Slice& slice : body) {
    for (std::size_t fed = 0; fed < slice.size(); fed += input_step) {
      if (give_up && give_up()) return fail(ErrorKind::cancelled, "compression was given up");
      const auto step = slice.bytes.subspan(fed, std::min(input_step, slice.size() - fed));
      if (auto done = feed(encoder.get(), step, BROTLI_OPERATION_PROCESS, out); !done) return done;
    }
  }
  while (BrotliEncoderIsFinished(encoder.get()) == BROTLI_FALSE) {
    if (auto done = feed(encoder.get(), {}, BROTLI_OPERATION_FINISH, out); !done) return done;
  }
  return {};
}

Result<std::vector<std::byte>> compress_brotli(std::span<const std::byte> content) {
  std::size_t size = BrotliEncoderMaxCompressedSize(content.size());
  std::vector<std::byte> coded(size);
  if (size == 0 ||
      BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_MAX_WINDOW_BITS, BROTLI_MODE_GENERIC, content.size(),
                            reinterpret_cast<const std::uint8_t*>(content.data()), &size,
                            reinterpret_cast<std::uint8_t*>(coded.data())) == BROTLI_FALSE) {
    return fail(ErrorKind::internal, "Brotli can't compress this");
  }
  coded.resize(size);
  return coded;
}

}  // namespace wheelbarrow::bundle
