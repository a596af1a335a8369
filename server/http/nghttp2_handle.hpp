// An nghttp2 session as this server wants it: its callbacks, its limits, its SETTINGS. Private to this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>

#include "http/server.hpp"

namespace wheelbarrow::http {

class Http2Session;

struct Nghttp2Deleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using Nghttp2Handle = std::unique_ptr<nghttp2_session, Nghttp2Deleter>;

// Calls `owner` back through Http2Callbacks. The server's first SETTINGS frame waits to be sent. Null if
// memory runs out.
Nghttp2Handle make_nghttp2(Http2Session& owner, const Limits& limits);

}  // namespace wheelbarrow::http
