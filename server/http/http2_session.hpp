// HTTP/2 (RFC 9113) on nghttp2. Private to this room.
//
// One coroutine reads, one writes, and each handler that has to wait is one more. nghttp2 keeps the
// protocol's state and is fed by the first; the second asks it for frames only when the socket has taken the
// last ones, gathers a batch of them, and writes them at once. Bodies go by reference: nghttp2 makes the
// header of a DATA frame, and the frame's bytes are slices of the body. Which stream's DATA is next follows
// RFC 9218; a stream whose bytes are still on disk stands back until they have been read.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http/flood_guard.hpp"
#include "http/http2_stream.hpp"
#include "http/nghttp2_handle.hpp"
#include "http/output.hpp"
#include "http/session.hpp"
#include "http/stream_ids.hpp"
#include "http/watchdog.hpp"

namespace wheelbarrow::http {

class Http2Session final : public Session, public std::enable_shared_from_this<Http2Session> {
 public:
  explicit Http2Session(SessionContext context);
  ~Http2Session() override;

  boost::asio::awaitable<void> run(std::string received) override;
  void drain() override;
  void close() override;

 private:
  friend struct Http2Callbacks;
  using TimePoint = Watchdog::Clock::time_point;

  // False when there is nothing to be said to this client any more.
  bool feed(std::string_view bytes);
  boost::asio::awaitable<void> write_frames();
  // Gathers a batch of frames into output_.
  bool gather();
  bool is_gathered() const { return output_.full(context_.transport->batch_size()); }
  void wake_writer();

  Http2Stream* find(std::int32_t id) const;
  void stream_opened(std::int32_t id);
  void head_arrived(Http2Stream& stream);
  // Lets the client send much of a body ahead.
  void open_windows(const Http2Stream& stream);
  // Answers the expectation of a request whose body is still to come (RFC 9110 10.1.1).
  void encourage(Http2Stream& stream);
  void body_arrived(std::int32_t id, std::string_view bytes);
  // Gives what has come of the body to the disk.
  void store_body(Http2Stream& stream);
  void body_stored(std::int32_t id, std::size_t size, const Result<void>& stored);
  void request_arrived(Http2Stream& stream);
  void run_handler(Http2Stream& stream, boost::asio::awaitable<Response> answer);
  void submit(Http2Stream& stream, ReadyResponse response);
  void prefer_small(const Http2Stream& stream);
  void read_ahead(Http2Stream& stream, Slice slice);
  void stream_closed(Http2Stream& stream);
  void observe(const Http2Stream& stream) const;
  void cancel_handler(Http2Stream& stream);

  // What RFC 9113 asks for and nghttp2 leaves out.
  void check_frame(const nghttp2_frame_hd& frame);
  // Ends the connection because of what the client sent.
  void violated(std::uint32_t error_code);
  // A stream was reset because of what the client did.
  void count_reset();
  // Ends a stream, or the connection, because of a limit.
  void reset(const Http2Stream& stream, const char* reason);
  void flooded(const char* reason);

  // Sets a deadline of a stream.
  void expect(Http2Stream& stream, TimePoint deadline);
  TimePoint due() const;
  void expired();
  void expire_streams();
  // The second step of drain().
  void say_goodbye();

  SessionContext context_;
  Nghttp2Handle session_;
  std::vector<std::unique_ptr<Http2Stream>> streams_;
  Http2Stream* arriving_ = nullptr;  // whose fields are coming
  Output output_;
  boost::asio::steady_timer wake_;
  bool awake_ = true;

  TimePoint now_ = Watchdog::Clock::now();  // when the work in hand began
  FloodGuard floods_;
  StreamIds ids_;

  std::size_t handlers_ = 0;    // running, those of reset streams included
  std::size_t memory_ = 0;      // bytes of the requests that streams and handlers hold
  std::size_t large_ = 0;       // streams with a large response
  bool reprioritized_ = false;  // the client has sent a PRIORITY_UPDATE
  bool writing_ = false;
  bool heard_ = false;  // the client's preface has come
  bool flooded_ = false;
  bool deaf_ = false;      // nghttp2 can't be fed any more
  bool draining_ = false;  // said so, and waits for the client to have heard it
  bool ending_ = false;    // told to end because it idled
  bool finished_ = false;  // everything is out, the write side is closed
  bool closed_ = false;
  TimePoint since_ = now_;                     // the last change that moves a deadline of the connection
  TimePoint next_deadline_ = Watchdog::never;  // no stream's is earlier
  Watchdog watchdog_;
};

}  // namespace wheelbarrow::http
