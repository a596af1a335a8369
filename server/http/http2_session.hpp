// HTTP/2 (RFC 9113) on nghttp2. Private to this room.
//
// One coroutine reads, one writes, and each request's handler is one more. nghttp2 keeps the protocol's state
// and is fed by the first; the second asks it for frames only when the socket has taken the last ones,
// gathers up to Output::full_size of them, and writes them at once. Bodies go by reference: nghttp2 makes the
// header of a DATA frame, and the frame's bytes are slices of the body.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/http2_stream.hpp"
#include "http/output.hpp"
#include "http/session.hpp"
#include "http/watchdog.hpp"

struct nghttp2_session;

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
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const;
  };

  bool start();
  // False when the session is beyond saving.
  bool feed(std::string_view bytes);
  boost::asio::awaitable<void> write_frames();
  // Gathers frames into output_.
  bool gather();
  void wake_writer();

  Http2Stream* find(std::int32_t id);
  void request_arrived(Http2Stream& stream);
  void submit(Http2Stream& stream, Response response);
  void stream_closed(std::int32_t id);

  Watchdog::Clock::time_point due() const;
  void expired();

  SessionContext context_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::unordered_map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;
  Output output_;
  boost::asio::steady_timer wake_;
  bool awake_ = true;

  std::size_t handlers_ = 0;   // running, those of reset streams included
  std::size_t answering_ = 0;  // streams with a response that is not out yet
  bool writing_ = false;
  bool heard_ = false;     // the client's preface has come
  bool ending_ = false;    // told to end because it idled
  bool finished_ = false;  // everything is out, the write side is closed
  bool closed_ = false;
  Watchdog::Clock::time_point since_ = Watchdog::Clock::now();  // the last change that moves a deadline
  Watchdog watchdog_;
};

}  // namespace wheelbarrow::http
