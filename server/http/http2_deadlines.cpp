// What ends an HTTP/2 connection or stream for lack of time.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "http/http2_session.hpp"
#include "http/problem.hpp"

namespace wheelbarrow::http {

using Clock = Watchdog::Clock;

namespace {

// After the last frame the rest of what the client sent is read and dropped for so long, because closing a
// socket with unread bytes resets it, and a reset may overtake the last frames.
constexpr std::chrono::seconds linger_time{1};

// How long a client may take to answer the first GOAWAY's PING. Longer, and the second GOAWAY doesn't wait.
constexpr std::chrono::seconds goodbye_time{1};

}  // namespace

void Http2Session::expect(Http2Stream& stream, TimePoint deadline) {
  stream.deadline = deadline;
  next_deadline_ = std::min(next_deadline_, deadline);
}

Clock::time_point Http2Session::due() const {
  const Limits& limits = context_.limits;
  if (closed_) return Watchdog::never;
  if (finished_) return since_ + linger_time;
  // While the socket is what everything waits for, no stream is to blame.
  if (writing_ || ending_)
    return std::max(since_, context_.transport->last_progress()) + limits.write_timeout;
  if (draining_) return since_ + goodbye_time;
  if (!streams_.empty()) return next_deadline_;
  if (handlers_ > 0) return Watchdog::never;
  return since_ + (heard_ ? limits.idle_timeout : limits.header_timeout);
}

void Http2Session::expired() {
  now_ = Clock::now();
  if (finished_ || ending_) return close();
  if (!heard_) {
    spdlog::info("connection ended  reason=the client said nothing in time peer={}", context_.peer.name);
    return close();
  }
  if (writing_) {
    if (context_.transport->client_took_bytes()) return;
    spdlog::info("connection ended  reason=the client takes nothing peer={}", context_.peer.name);
    return close();
  }
  if (draining_) {
    say_goodbye();
  } else if (!streams_.empty()) {
    expire_streams();
  } else {
    ending_ = true;
    since_ = now_;
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
  }
  wake_writer();
}

void Http2Session::expire_streams() {
  next_deadline_ = Watchdog::never;
  const auto stream_window = [this](const Http2Stream& stream) {
    return std::min(nghttp2_session_get_remote_window_size(session_.get()),
                    nghttp2_session_get_stream_remote_window_size(session_.get(), stream.id));
  };
  // Nothing here closes a stream at once, so the list stays as it is.
  for (const auto& stream : streams_) {
    if (stream->deadline <= now_) {
      if (!stream->head_complete) {
        flooded("a header section did not end in time");
      } else if (!stream->dispatched) {
        submit(*stream, make_ready(problem(408, "The request did not arrive in time")));
      } else if (stream->submitted && stream_window(*stream) > 0) {
        // It stands behind others.
        stream->deadline = now_ + context_.limits.write_timeout;
      } else {
        spdlog::info("stream reset  reason=the client opens no window peer={}", context_.peer.name);
        nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
        stream->deadline = Watchdog::never;
      }
    }
    next_deadline_ = std::min(next_deadline_, stream->deadline);
  }
}

}  // namespace wheelbarrow::http
