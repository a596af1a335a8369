#include "bundle/zstd_copy.hpp"

#include <algorithm>
#include <bit>

namespace wheelbarrow::bundle {
namespace {

constexpr std::uint64_t max_block =
    std::uint64_t{128} * 1024;  // bytes that a block may decode to (3.1.1.2.4)

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i) & 0xff);
  }
}

// A number as a code and the bits that follow it: the code is the place of the highest bit.
struct Code {
  int code;
  std::uint64_t extra;  // `code` bits
};

Code split(std::uint64_t value) {
  const int code = static_cast<int>(std::bit_width(value)) - 1;
  return {code, value - (std::uint64_t{1} << code)};
}

// A compressed block of one sequence: no literals, one match.
void append_block(std::string& out, std::uint64_t offset, std::uint64_t length, bool is_last) {
  // Offset_Value is the offset plus 3, because 1 to 3 stand for repeated ones (3.1.1.5).
  const Code offset_code = split(offset + 3);
  // Match lengths of 131 and more: code 43 + n stands for 2^(7+n) + 3, with 7 + n bits (3.1.1.3.2.1.1).
  const Code length_code = split(length - 3);

  std::string block;
  block += '\x00';  // Literals_Section_Header: raw, of size 0
  block += '\x01';  // Number_of_Sequences
  // Symbol_Compression_Modes: RLE for all three, so each has one symbol and its states have no bits.
  block += '\x54';
  block += '\x00';  // literals length 0
  block += static_cast<char>(offset_code.code);
  block += static_cast<char>(36 + length_code.code);
  // The bitstream is read from its end: a 1 that marks the end, the offset's bits, the length's bits.
  const std::uint64_t bits =
      (((std::uint64_t{1} << offset_code.code) | offset_code.extra) << length_code.code) | length_code.extra;
  append_little_endian(block, bits, (offset_code.code + length_code.code) / 8 + 1);

  constexpr std::uint64_t compressed_block = 2;
  append_little_endian(out, std::uint64_t{is_last} | compressed_block << 1 | block.size() << 3, 3);
  out += block;
}

}  // namespace

std::string zstd_copy(std::uint64_t distance, std::uint64_t size) {
  std::string out;
  while (size > 0) {
    const std::uint64_t content = std::min(size, max_zstd_window);
    append_little_endian(out, 0xFD2FB528, 4);  // Magic_Number
    out += '\xa0';  // Frame_Header_Descriptor: Frame_Content_Size of 4 bytes, Single_Segment, no checksum
    append_little_endian(out, content, 4);
    for (std::uint64_t done = 0; done < content;) {
      const std::uint64_t length = std::min(max_block, content - done);
      // The offset counts from where the copy goes to, which moves along with where it comes from.
      append_block(out, distance, length, done + length == content);
      done += length;
    }
    distance -= content;
    size -= content;
  }
  return out;
}

}  // namespace wheelbarrow::bundle
