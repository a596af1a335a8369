#include "http/flood_guard.hpp"

#include <algorithm>

namespace wheelbarrow::http {
namespace {

constexpr std::uint64_t bytes_per_window_update = 1024;

}  // namespace

void FloodGuard::see(std::string_view bytes, TimePoint now) {
  const std::size_t magic = std::min(magic_left_, bytes.size());
  magic_left_ -= magic;
  frames_.scan(bytes.substr(magic), [&](const FrameScanner::Frame& frame) { count(frame, now); });
}

void FloodGuard::count(const FrameScanner::Frame& frame, TimePoint now) {
  if (frame.type == NGHTTP2_RST_STREAM) {
    count_reset(now);
  } else if (is_idle_talk(frame) && !control_frames_.take(now)) {
    reason_ = "too many control frames";
  }
}

void FloodGuard::count_reset(TimePoint now) {
  if (!resets_.take(now)) reason_ = "too many streams were reset";
}

bool FloodGuard::is_idle_talk(const FrameScanner::Frame& frame) {
  switch (frame.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
      return false;
    case NGHTTP2_DATA: {
      // The first byte of a padded frame is the length of its padding (RFC 9113 6.1).
      const bool padded = (frame.flags & NGHTTP2_FLAG_PADDED) != 0;
      const std::uint32_t padding = padded ? 1U + frame.first : 0U;
      return frame.length <= padding && (frame.flags & NGHTTP2_FLAG_END_STREAM) == 0;
    }
    case NGHTTP2_WINDOW_UPDATE:
      if (window_credit_ < bytes_per_window_update) return true;
      window_credit_ -= bytes_per_window_update;
      return false;
    default:
      return true;
  }
}

}  // namespace wheelbarrow::http
