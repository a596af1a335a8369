// Byte ranges (RFC 9110 14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace wheelbarrow::http {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
  std::uint64_t size() const { return last - first + 1; }
};

struct RangeSelection {
  enum class Kind {
    whole,          // no usable Range field: send everything with 200
    partial,        // 206 with `ranges`
    unsatisfiable,  // 416
  };
  Kind kind = Kind::whole;
  std::vector<ByteRange> ranges;  // in the order asked for; overlapping or adjacent ones joined
};

// Reads a Range field against a representation of `size` bytes. An unknown unit or bad syntax means the whole
// (RFC 9110 14.2). More than 16 ranges after joining, or several that together are not smaller than the
// whole, give the whole: such requests are mistakes or attacks (RFC 9110 17.15). One range of everything
// ("0-") is a range like any other: clients probe with it.
RangeSelection select_ranges(std::optional<std::string_view> range_field, std::uint64_t size);

}  // namespace wheelbarrow::http
