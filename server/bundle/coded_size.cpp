// A stretch of content is parsed as LZ4 would: a table of where four bytes were last seen, the match there
// taken and extended. A match costs what a sequence costs zstd on average; the bytes between matches cost
// their order-0 entropy, as if Huffman-coded per stretch. Every stretch starts anew, so what repeats at a
// distance is missed: the estimate errs upwards. Whole numbers only, because floating point may differ
// between machines.
#include "bundle/coded_size.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace wheelbarrow::bundle {
namespace {

constexpr std::size_t step = std::size_t{512} * 1024;     // bytes between the beginnings of two stretches
constexpr std::size_t stretch = std::size_t{128} * 1024;  // bytes looked at
constexpr std::uint64_t match_bits = 18;
constexpr std::size_t shortest_match = 4;  // bytes
constexpr int table_log = 14;
constexpr int fraction_log = 8;  // logarithms count in 1/256

// log2(x) in 1/256, linear between powers of two. REQUIRES: x > 0.
std::uint64_t log2_of(std::uint64_t x) {
  const auto whole = static_cast<unsigned>(std::bit_width(x) - 1);
  return (std::uint64_t{whole} << fraction_log) +
         (((x - (std::uint64_t{1} << whole)) << fraction_log) >> whole);
}

std::uint32_t four_bytes(std::span<const std::byte> content, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < shortest_match; ++i) {
    word |= std::to_integer<std::uint32_t>(content[at + i]) << (8 * i);
  }
  return word;
}

class Stretch {
 public:
  // Bits.
  std::uint64_t cost(std::span<const std::byte> content) {
    table_.fill(0);
    literals_.fill(0);
    std::uint64_t matches = 0;
    std::size_t at = 0;
    while (at + shortest_match <= content.size()) {
      const std::uint32_t word = four_bytes(content, at);
      auto& place = table_[word * 2'654'435'761U >> (32 - table_log)];
      const std::size_t before = place;  // counted from 1; 0: none
      place = static_cast<std::uint32_t>(at + 1);
      if (before == 0 || four_bytes(content, before - 1) != word) {
        add_literal(content[at++]);
        continue;
      }
      const auto here = content.subspan(at);
      const auto [end, ignored] = std::ranges::mismatch(here, content.subspan(before - 1));
      at += static_cast<std::size_t>(end - here.begin());
      ++matches;
    }
    while (at < content.size()) {
      add_literal(content[at++]);
    }
    return matches * match_bits + literal_bits();
  }

 private:
  void add_literal(std::byte byte) { ++literals_[std::to_integer<std::size_t>(byte)]; }

  std::uint64_t literal_bits() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : literals_) {
      total += count;
    }
    std::uint64_t bits = 0;
    for (const std::uint64_t count : literals_) {
      if (count > 0) bits += count * (log2_of(total) - log2_of(count));
    }
    return bits >> fraction_log;
  }

  std::array<std::uint32_t, std::size_t{1} << table_log> table_{};
  std::array<std::uint64_t, 256> literals_{};
};

}  // namespace

std::uint64_t estimate_coded_size(std::span<const std::byte> content) {
  Stretch parsed;
  std::uint64_t size = 0;
  for (std::size_t at = 0; at < content.size(); at += step) {
    const std::size_t whole = std::min(step, content.size() - at);
    const std::size_t looked_at = std::min(stretch, whole);
    size += parsed.cost(content.subspan(at, looked_at)) * whole / looked_at / 8;
  }
  return size;
}

}  // namespace wheelbarrow::bundle
