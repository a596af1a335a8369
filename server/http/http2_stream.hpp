// One request and its response on an HTTP/2 connection. Private to this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/rope_cursor.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

class Http2Stream {
 public:
  using Clock = std::chrono::steady_clock;

  // Makes it that of a new request; memory of an earlier one is used again.
  void begin(std::int32_t stream_id);
  // Lets go of everything that belongs to others.
  void end();

  // Takes a field or pseudo-field of the request. False when the list is so large that it isn't worth an
  // answer.
  bool add_field(std::string_view name, std::string_view value, const Limits& limits);
  // To be called after the last field: why the request can't be served, if so.
  std::optional<Response> check_head(const Limits& limits);
  // Takes bytes of the body: for request->body, or to be dropped. False when there are too many.
  bool add_body(std::string_view bytes, const Limits& limits);
  // Memory worth keeping for another request.
  std::size_t capacity() const { return target_.capacity() + request->fields.capacity(); }

  // Sets the response to be sent.
  void respond(ReadyResponse ready);

  std::int32_t id = 0;
  std::size_t place = 0;  // in the session's list
  // Shared with the handler's coroutine, if there is one.
  std::shared_ptr<Request> request;
  std::size_t held = 0;        // bytes of the request that count as the connection's memory
  bool is_head = false;        // HEAD: the body stays here
  bool head_complete = false;  // the last field has come
  bool complete = false;       // the end of the request has come
  bool dispatched = false;     // to the handler, or refused
  bool is_large = false;       // the response, so that others may go first
  bool submitted = false;      // its response is nghttp2's
  ReadyResponse response;
  RopeCursor body;             // what of the response's body is next to be sent
  RopeCursor checked;          // what of it is next to be looked for in memory
  std::size_t whole = 0;       // bytes of the body as it is to be sent
  bool reading = false;        // waits for the disk
  std::string incoming;        // of the body, to be stored
  bool storing = false;        // waits for the disk, which has what came before that
  Clock::time_point begun;     // when the request had arrived
  Clock::time_point answered;  // when its response was there
  Clock::time_point deadline;  // for the client to send more or to take more
  // Outlives the stream when the handler does.
  std::shared_ptr<boost::asio::cancellation_signal> cancel;

 private:
  std::string target_;
  std::size_t list_size_ = 0;
  std::uint64_t body_size_ = 0;
};

// What the streams of a loop's connections leave for the next ones.
class Http2Streams {
 public:
  std::unique_ptr<Http2Stream> take();
  void give(std::unique_ptr<Http2Stream> stream);
  // For the fields of the response that is being submitted.
  std::vector<nghttp2_nv> fields;

 private:
  static constexpr std::size_t most_spare = 256;
  static constexpr std::size_t largest_spare = 4096;  // bytes

  std::vector<std::unique_ptr<Http2Stream>> spare_;
};

}  // namespace wheelbarrow::http
