#include "bundle/deflate.hpp"

#include <libdeflate.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <memory>

namespace wheelbarrow::bundle {
namespace {

constexpr int best_level = 12;

// Where a stream's last block begins and where it ends, in bits from the start.
struct LastBlock {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Result<LastBlock> find_last_block(std::span<const std::byte> stream) {
  z_stream inflating{};
  if (inflateInit2(&inflating, -MAX_WBITS) != Z_OK) return fail(ErrorKind::internal, "zlib has no memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&inflating, &inflateEnd);
  inflating.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stream.data()));
  inflating.avail_in = static_cast<uInt>(stream.size());
  std::array<Bytef, 65536> ignored{};
  LastBlock last;
  for (;;) {
    inflating.next_out = ignored.data();
    inflating.avail_out = static_cast<uInt>(ignored.size());
    // Stops behind each block; data_type says so, and how many bits of the last byte are not used yet.
    if (inflate(&inflating, Z_BLOCK) != Z_OK) return fail(ErrorKind::internal, "the deflate data is wrong");
    constexpr int behind_block = 128;
    constexpr int in_last_block = 64;
    if ((inflating.data_type & behind_block) == 0) continue;
    const std::uint64_t place =
        (stream.size() - inflating.avail_in) * 8 - static_cast<unsigned>(inflating.data_type & 7);
    if ((inflating.data_type & in_last_block) != 0) {
      last.end = place;
      return last;
    }
    last.begin = place;
  }
}

}  // namespace

Result<std::vector<std::byte>> deflate_best(std::span<const std::byte> content) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(best_level), &libdeflate_free_compressor);
  if (!compressor) return fail(ErrorKind::internal, "libdeflate has no memory");
  std::vector<std::byte> stream(libdeflate_deflate_compress_bound(compressor.get(), content.size()));
  stream.resize(libdeflate_deflate_compress(compressor.get(), content.data(), content.size(), stream.data(),
                                            stream.size()));
  const auto last = find_last_block(stream);
  if (!last) return std::unexpected(last.error());
  constexpr std::byte final_bit{1};  // BFINAL, the first bit of a block (RFC 1951 3.2.3)
  stream[last->begin / 8] &= ~(final_bit << (last->begin % 8));
  // An empty stored block: three zero bits, zeros to the end of the byte, LEN and NLEN (3.2.4).
  stream.resize((last->end + 3 + 7) / 8);
  constexpr std::array<std::byte, 4> lengths{std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};
  stream.insert(stream.end(), lengths.begin(), lengths.end());
  return stream;
}

}  // namespace wheelbarrow::bundle
