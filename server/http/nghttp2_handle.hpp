// An nghttp2 session as this server wants it: its callbacks, its limits, its SETTINGS. Private to this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string_view>

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

// A header field; `flags` are NGHTTP2_NV_FLAG_*. nghttp2 changes neither text, whatever its types say.
inline nghttp2_nv make_field(std::string_view name, std::string_view value, std::uint8_t flags) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), flags};
}

}  // namespace wheelbarrow::http
