// Counts the HTTP/2 frames that cost more than they carry (see Limits). Private to this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string_view>

#include "base/allowance.hpp"
#include "http/frame_scanner.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

class FloodGuard {
 public:
  using TimePoint = Allowance::Clock::time_point;

  FloodGuard(const Limits& limits, TimePoint now)
      : resets_(limits.max_resets, now), control_frames_(limits.max_control_frames, now) {}

  // What the client has sent, from its preface on.
  void see(std::string_view bytes, TimePoint now);
  // A stream was reset by either side because of what the client did.
  void count_reset(TimePoint now);
  // So many bytes of DATA were sent, which WINDOW_UPDATE frames may answer.
  void sent(std::size_t size) { window_credit_ += size; }

  // Of which there was too much; null as long as there wasn't.
  const char* reason() const { return reason_; }

 private:
  void count(const FrameScanner::Frame& frame, TimePoint now);
  // Whether a frame is one that the limit on control frames is about.
  bool is_idle_talk(const FrameScanner::Frame& frame);

  std::size_t magic_left_ = NGHTTP2_CLIENT_MAGIC_LEN;  // bytes of the client's preface before its frames
  FrameScanner frames_;
  Allowance resets_;
  Allowance control_frames_;
  std::uint64_t window_credit_ = 0;  // bytes
  const char* reason_ = nullptr;
};

}  // namespace wheelbarrow::http
