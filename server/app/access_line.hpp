// One line of an access log.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace wheelbarrow::app {

// Keeps its memory and the formatted second from one line to the next. Not for several threads at a time.
class AccessLine {
 public:
  // common and combined: as Apache and nginx write them, the time in UTC, bytes as coded and without header,
  // what isn't printable ASCII as \xHH. json: an object with time, peer, method, target, protocol, authority,
  // status, bytes, seconds, answer_seconds, coding, referer, user_agent, request_id and traceparent; those
  // that the request doesn't have are left out. A request whose client left before there was an answer has
  // status 499, as nginx says.
  // brief: status, method, target and bytes, for who watches; brief_colored: as terminals show it.
  enum class Form { common, combined, json, brief, brief_colored };

  // With its line end; valid until the next call.
  std::string_view format(const http::Exchange& exchange, Form form);

 private:
  void append_request_target(const http::Request& request);
  void append_brief(const http::Exchange& exchange, bool colored);
  void append_classic(const http::Exchange& exchange, bool combined);
  void append_json_object(const http::Exchange& exchange);
  void append_member(std::string_view name, std::string_view value);
  void set_second(std::time_t second);

  std::string line_;
  std::time_t second_ = -1;
  std::string classic_time_;  // "23/Nov/2026:23:17:37 +0000"
  std::string json_time_;     // "2026-11-23T23:17:37"
};

// The status that logs and counts give a request.
unsigned logged_status(const http::Exchange& exchange);

// The coding of its response's body: "identity", "gzip", "zstd" ...
std::string_view logged_coding(const http::Exchange& exchange);

}  // namespace wheelbarrow::app
