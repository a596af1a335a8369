#include "http/http2_callbacks.hpp"

#include <algorithm>
#include <utility>

#include "base/mapped_file.hpp"

namespace wheelbarrow::http {
namespace {

Http2Session& session_of(void* user_data) {
  return *static_cast<Http2Session*>(user_data);
}

std::string_view text(const std::uint8_t* bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

constexpr std::size_t frame_header_size = 9;  // RFC 9113 4.1

}  // namespace

std::unique_ptr<nghttp2_session_callbacks, Http2Callbacks::Deleter> Http2Callbacks::make() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return nullptr;
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_chunk);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_close);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
  return std::unique_ptr<nghttp2_session_callbacks, Deleter>(callbacks);
}

int Http2Callbacks::begin_frame(nghttp2_session* /*session*/, const nghttp2_frame_hd* frame,
                                void* user_data) {
  session_of(user_data).check_frame(*frame);
  return 0;
}

int Http2Callbacks::begin_headers(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user_data) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers
  session_of(user_data).stream_opened(frame->hd.stream_id);
  return 0;
}

int Http2Callbacks::header(nghttp2_session* /*session*/, const nghttp2_frame* frame, const std::uint8_t* name,
                           std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                           std::uint8_t /*flags*/, void* user_data) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  Http2Session& self = session_of(user_data);
  if (self.arriving_ == nullptr) return 0;
  Http2Stream& stream = *self.arriving_;
  const Limits& limits = self.context_.limits;
  self.memory_ -= stream.held;
  const bool bearable = stream.add_field(text(name, name_length), text(value, value_length), limits);
  self.memory_ += stream.held;
  if (!bearable) {
    self.reset(stream, "its header list is far beyond the limit");
  } else if (self.memory_ > limits.max_connection_memory) {
    self.reset(stream, "the connection's requests take too much memory");
  } else {
    return 0;
  }
  self.arriving_ = nullptr;
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Http2Callbacks::frame_received(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                                   void* user_data) {
  Http2Session& self = session_of(user_data);
  self.heard_ = true;
  if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.say_goodbye();
  if (frame->hd.type == NGHTTP2_PRIORITY_UPDATE) {
    self.reprioritized_ = true;
    // RFC 9218 7.1
    const auto* const update = static_cast<const nghttp2_ext_priority_update*>(frame->ext.payload);
    if (update->stream_id == 0) self.violated(NGHTTP2_PROTOCOL_ERROR);
  }
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  const bool opens = frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
  Http2Stream* stream = opens ? std::exchange(self.arriving_, nullptr) : self.find(frame->hd.stream_id);
  if (stream == nullptr || stream->dispatched) return 0;
  stream->complete = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (opens) self.head_arrived(*stream);
  if (stream->complete && !stream->dispatched && !stream->storing) self.request_arrived(*stream);
  return 0;
}

int Http2Callbacks::data_chunk(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t stream_id,
                               const std::uint8_t* data, std::size_t length, void* user_data) {
  session_of(user_data).body_arrived(stream_id, text(data, length));
  return 0;
}

int Http2Callbacks::frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
  // A client can make the server reset streams as well as reset them itself.
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
    session_of(user_data).count_reset();
    // A window beyond 2^31-1 because of SETTINGS is the connection's error (RFC 9113 6.9.2).
    if (frame->rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR) {
      session_of(user_data).violated(NGHTTP2_FLOW_CONTROL_ERROR);
    }
  }
  // An answer that was complete before the request was: the rest of the request isn't wanted (RFC 9113 8.1).
  const bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (ends && nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
  }
  return 0;
}

int Http2Callbacks::stream_close(nghttp2_session* session, std::int32_t stream_id,
                                 std::uint32_t /*error_code*/, void* user_data) {
  auto* const stream = static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, stream_id));
  if (stream != nullptr) session_of(user_data).stream_closed(*stream);
  return 0;
}

ssize_t Http2Callbacks::next_data(nghttp2_session* /*session*/, std::int32_t /*stream_id*/,
                                  std::uint8_t* /*buffer*/, std::size_t length, std::uint32_t* data_flags,
                                  nghttp2_data_source* source, void* user_data) {
  auto& stream = *static_cast<Http2Stream*>(source->ptr);
  const auto resident = [&stream] { return stream.body.left() - stream.checked.left(); };
  while (resident() < length && stream.checked.left() > 0) {
    Slice piece = stream.checked.take(read_ahead_size);
    if (is_resident(piece)) continue;
    session_of(user_data).read_ahead(stream, std::move(piece));
    return NGHTTP2_ERR_DEFERRED;
  }
  const std::size_t size = std::min(length, stream.body.left());
  *data_flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (size == stream.body.left()) *data_flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

int Http2Callbacks::send_data(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
                              const std::uint8_t* frame_header, std::size_t length,
                              nghttp2_data_source* source, void* user_data) {
  Http2Session& self = session_of(user_data);
  // Otherwise nghttp2 goes on from DATA frame to DATA frame until a window is closed.
  if (self.is_gathered()) return NGHTTP2_ERR_WOULDBLOCK;
  auto& stream = *static_cast<Http2Stream*>(source->ptr);
  self.floods_.sent(length);
  stream.deadline = self.now_ + self.context_.limits.write_timeout;
  self.output_.append(text(frame_header, frame_header_size));
  while (length > 0) {
    Slice piece = stream.body.take(length);
    length -= piece.size();
    self.output_.append(std::move(piece));
  }
  return 0;
}

}  // namespace wheelbarrow::http
