// The frame headers in a stream of HTTP/2 frames (RFC 9113 4.1), found ahead of nghttp2, which tells nothing
// of frames that it ignores. Private to this room.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wheelbarrow::http {

class FrameScanner {
 public:
  struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t length = 0;  // of the payload
    std::uint8_t first = 0;    // byte of the payload, 0 if there is none
  };

  // Calls see(frame) for each frame whose header, and first byte if it has any, is complete by now. The bytes
  // are those that follow the client's magic.
  template <class See>
  void scan(std::string_view bytes, See see) {
    while (!bytes.empty()) {
      if (skip_ > 0) {
        const std::size_t size = std::min<std::size_t>(skip_, bytes.size());
        skip_ -= static_cast<std::uint32_t>(size);
        bytes.remove_prefix(size);
        continue;
      }
      held_.at(size_++) = static_cast<std::uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      if (size_ < header_size) continue;
      Frame frame;
      frame.length = std::uint32_t{held_[0]} << 16 | std::uint32_t{held_[1]} << 8 | held_[2];
      if (frame.length > 0 && size_ == header_size) continue;
      frame.type = held_[3];
      frame.flags = held_[4];
      if (frame.length > 0) {
        frame.first = held_[header_size];
        skip_ = frame.length - 1;
      }
      size_ = 0;
      see(frame);
    }
  }

 private:
  static constexpr std::size_t header_size = 9;

  std::array<std::uint8_t, header_size + 1> held_{};  // a header and the byte after it
  std::size_t size_ = 0;                              // of what is held
  std::uint32_t skip_ = 0;                            // bytes of the payload to come
};

}  // namespace wheelbarrow::http
