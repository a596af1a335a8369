// What nghttp2 calls, translated into the session's words. Private to this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>

#include "http/http2_session.hpp"

namespace wheelbarrow::http {

struct Http2Callbacks {
  struct Deleter {
    void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
  };
  static std::unique_ptr<nghttp2_session_callbacks, Deleter> make();

  // Of every frame, also of one that is ignored or makes no sense.
  static int begin_frame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user_data);
  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                    std::uint8_t flags, void* user_data);
  static int frame_received(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static int data_chunk(nghttp2_session* session, std::uint8_t flags, std::int32_t stream_id,
                        const std::uint8_t* data, std::size_t length, void* user_data);
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static int stream_close(nghttp2_session* session, std::int32_t stream_id, std::uint32_t error_code,
                          void* user_data);
  // Says how much of the body comes next; send_data() then moves it.
  static ssize_t next_data(nghttp2_session* session, std::int32_t stream_id, std::uint8_t* buffer,
                           std::size_t length, std::uint32_t* data_flags, nghttp2_data_source* source,
                           void* user_data);
  static int send_data(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* frame_header,
                       std::size_t length, nghttp2_data_source* source, void* user_data);
};

}  // namespace wheelbarrow::http
