#include "bundle/coded_form.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "bundle/deflate.hpp"

namespace wheelbarrow::bundle {
namespace {

constexpr int window_log = 23;                                // 8 MiB, the most that browsers take
constexpr std::size_t input_step = std::size_t{256} * 1024;   // bytes between two looks at `give_up`
constexpr std::size_t output_step = std::size_t{256} * 1024;  // bytes

// RFC 1952 2.3: magic, deflate, no flags, no time, no extra flags, unknown system.
constexpr std::array<unsigned char, 10> gzip_header = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
constexpr std::string_view final_block{"\x03\x00", 2};
constexpr std::size_t gzip_trailer_size = 8;  // CRC-32, length
constexpr std::size_t gzip_tail_size = final_block.size() + gzip_trailer_size;

using Sink = std::function<Result<void>(std::span<const std::byte>)>;

std::unexpected<Error> given_up() {
  return fail(ErrorKind::cancelled, "compression was given up");
}

std::string gzip_trailer(std::uint32_t crc, std::uint64_t size) {
  std::string trailer;
  for (const std::uint32_t word : {crc, static_cast<std::uint32_t>(size)}) {  // the length is modulo 2^32
    for (int shift = 0; shift < 32; shift += 8) {
      trailer += static_cast<char>(word >> shift & 255);
    }
  }
  return trailer;
}

std::uint32_t little_endian(const std::byte* bytes) {
  std::uint32_t word = 0;
  for (int i = 3; i >= 0; --i) {
    word = word << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  }
  return word;
}

Result<void> compress_zstd(std::span<const std::byte> content, Effort effort, const GiveUp& give_up,
                           const Sink& sink) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!context) return fail(ErrorKind::internal, "zstd has no memory");
  const std::pair<ZSTD_cParameter, int> parameters[] = {
      {ZSTD_c_compressionLevel, effort == Effort::best ? 19 : 3},
      {ZSTD_c_windowLog, window_log},
      {ZSTD_c_checksumFlag, 1},
  };
  for (const auto& [parameter, value] : parameters) {
    ZSTD_CCtx_setParameter(context.get(), parameter, value);
  }
  ZSTD_CCtx_setPledgedSrcSize(context.get(), content.size());
  std::vector<std::byte> buffer(output_step);
  std::size_t fed = 0;
  for (bool done = false; !done;) {
    if (give_up && give_up()) return given_up();
    const std::size_t step = std::min(input_step, content.size() - fed);
    ZSTD_inBuffer input{content.data() + fed, step, 0};
    fed += step;
    const ZSTD_EndDirective mode = fed == content.size() ? ZSTD_e_end : ZSTD_e_continue;
    for (bool more = true; more;) {
      ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context.get(), &output, &input, mode);
      if (ZSTD_isError(left) != 0) return fail(ErrorKind::internal, ZSTD_getErrorName(left));
      if (auto taken = sink({buffer.data(), output.pos}); !taken) return taken;
      more = mode == ZSTD_e_end ? left != 0 : input.pos < input.size;
      done = mode == ZSTD_e_end && left == 0;
    }
  }
  return {};
}

// The content as raw deflate data that ends at a byte and in no final block.
Result<void> deflate_fast(std::span<const std::byte> content, const GiveUp& give_up, const Sink& sink) {
  z_stream stream{};
  if (deflateInit2(&stream, 3, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(ErrorKind::internal, "zlib has no memory");
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> end(&stream, &deflateEnd);
  std::vector<std::byte> buffer(output_step);
  std::size_t fed = 0;
  do {
    if (give_up && give_up()) return given_up();
    const std::size_t step = std::min(input_step, content.size() - fed);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(content.data() + fed));
    stream.avail_in = static_cast<uInt>(step);
    fed += step;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, fed == content.size() ? Z_FULL_FLUSH : Z_NO_FLUSH);
      if (auto taken = sink({buffer.data(), buffer.size() - stream.avail_out}); !taken) return taken;
    } while (stream.avail_out == 0);
  } while (fed < content.size());
  return {};
}

// The same in steps that forget what was before them, which costs less than a thousandth.
Result<void> deflate_best_in_steps(std::span<const std::byte> content, const GiveUp& give_up,
                                   const Sink& sink) {
  constexpr std::size_t step = std::size_t{4} * 1024 * 1024;  // bytes
  for (std::size_t fed = 0; fed < content.size(); fed += step) {
    if (give_up && give_up()) return given_up();
    const auto coded = deflate_best(content.subspan(fed, std::min(step, content.size() - fed)));
    if (!coded) return std::unexpected(coded.error());
    if (auto taken = sink(*coded); !taken) return taken;
  }
  return {};
}

std::uint32_t crc_of(std::span<const std::byte> content) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
}

Result<void> compress_gzip(std::span<const std::byte> content, Effort effort, const GiveUp& give_up,
                           const Sink& sink) {
  if (auto taken = sink(std::as_bytes(std::span(gzip_header))); !taken) return taken;
  const auto deflate = effort == Effort::best ? deflate_best_in_steps : deflate_fast;
  if (auto done = deflate(content, give_up, sink); !done) return done;
  const std::string tail = std::string(final_block) + gzip_trailer(crc_of(content), content.size());
  return sink(std::as_bytes(std::span(tail)));
}

Result<void> compress_into(std::span<const std::byte> content, Form form, Effort effort,
                           const GiveUp& give_up, const Sink& sink) {
  switch (form) {
    case Form::zstd:
      return compress_zstd(content, effort, give_up, sink);
    case Form::gzip:
      return compress_gzip(content, effort, give_up, sink);
    case Form::identity:
      break;
  }
  return sink(content);
}

Slices join_gzip(std::span<const Slice> pieces) {
  Slices body;
  body.push_back(Slice::of_static({reinterpret_cast<const char*>(gzip_header.data()), gzip_header.size()}));
  uLong crc = 0;
  std::uint64_t size = 0;
  for (const Slice& piece : pieces) {
    const std::byte* const trailer = piece.bytes.data() + piece.size() - gzip_trailer_size;
    // A piece is below 4 GiB, so its length modulo 2^32 is its length.
    const std::uint32_t piece_size = little_endian(trailer + 4);
    crc = crc32_combine(crc, little_endian(trailer), piece_size);
    size += piece_size;
    body.push_back(piece.part(gzip_header.size(), piece.size() - gzip_header.size() - gzip_tail_size));
  }
  body.push_back(Slice::of(std::string(final_block) + gzip_trailer(static_cast<std::uint32_t>(crc), size)));
  return body;
}

}  // namespace

std::string_view name_of(Form form) {
  switch (form) {
    case Form::zstd:
      return "zstd";
    case Form::gzip:
      return "gzip";
    case Form::identity:
      break;
  }
  return "identity";
}

std::string_view name_of(Effort effort) {
  return effort == Effort::best ? "best" : "fast";
}

Result<void> compress(std::span<const std::byte> content, Form form, Effort effort, const GiveUp& give_up,
                      store::BlobWriter& out) {
  return compress_into(content, form, effort, give_up,
                       [&](std::span<const std::byte> bytes) { return out.append(bytes); });
}

Result<std::vector<std::byte>> compress(std::span<const std::byte> content, Form form, Effort effort) {
  std::vector<std::byte> coded;
  auto done = compress_into(content, form, effort, {}, [&](std::span<const std::byte> bytes) -> Result<void> {
    coded.insert(coded.end(), bytes.begin(), bytes.end());
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return coded;
}

Slices join(Form form, std::span<const Slice> pieces) {
  if (form == Form::gzip) return join_gzip(pieces);
  return {pieces.begin(), pieces.end()};
}

}  // namespace wheelbarrow::bundle
