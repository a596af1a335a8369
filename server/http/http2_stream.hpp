// One request and its response on an HTTP/2 connection. Private to this room.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/rope_cursor.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

class Http2Stream {
 public:
  Http2Stream(std::int32_t id, std::string_view peer);

  // Takes a field or pseudo-field of the request. False when the list is so large that it isn't worth an
  // answer.
  bool add_field(std::string_view name, std::string_view value, const Limits& limits);
  // To be called after the last field: why the request can't be served, if so.
  std::optional<Response> check_head(const Limits& limits);
  // Counts body bytes, which are dropped. False when there are too many.
  bool add_body(std::size_t size, const Limits& limits);

  const std::int32_t id;
  Request request;
  bool is_head = false;     // HEAD: the body stays here
  bool dispatched = false;  // to the handler, or refused
  bool submitted = false;   // its response is nghttp2's
  RopeCursor body;          // of the response
  // Outlives the stream when the handler does.
  std::shared_ptr<boost::asio::cancellation_signal> cancel;

 private:
  std::string target_;
  std::size_t list_size_ = 0;
  std::size_t body_size_ = 0;
};

}  // namespace wheelbarrow::http
