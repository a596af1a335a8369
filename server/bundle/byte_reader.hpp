// Reads numbers and runs of bytes off the front of a text; nothing where it ends too early.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wheelbarrow::bundle {

class ByteReader {
 public:
  explicit ByteReader(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> bytes(std::size_t count) {
    if (count > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  // Four bytes, little endian.
  std::optional<std::uint32_t> number() {
    const auto four = bytes(4);
    if (!four) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = four->size(); i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>((*four)[i]);
    }
    return value;
  }
  std::size_t left() const { return rest_.size(); }  // bytes

 private:
  std::string_view rest_;
};

}  // namespace wheelbarrow::bundle
