// How Http2Session takes requests' bodies: to the disk if somebody wants them, else nowhere.
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "http/body_file.hpp"
#include "http/http2_session.hpp"
#include "http/problem.hpp"
#include "http/syntax.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;

namespace {

// What a client may send ahead of a body that somebody wants, and the connection holds until the disk has it.
constexpr std::int32_t body_window = 1024 * 1024;

}  // namespace

void Http2Session::open_windows(const Http2Stream& stream) {
  for (const std::int32_t id : {0, stream.id}) {
    nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, id, body_window);
  }
}

void Http2Session::encourage(Http2Stream& stream) {
  const std::optional<std::string> expectation = stream.request->fields.get("expect");
  if (!expectation) return;
  if (!equal_ignoring_case(*expectation, "100-continue")) {
    return submit(stream, make_ready(problem(417, "Only 100-continue can be expected")));
  }
  const nghttp2_nv go_on = make_field(":status", "100", NGHTTP2_NV_FLAG_NONE);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, &go_on, 1, nullptr);
}

void Http2Session::body_arrived(std::int32_t id, std::string_view bytes) {
  Http2Stream* const stream = find(id);
  const bool wanted = stream != nullptr && !stream->dispatched;
  const bool bearable = !wanted || stream->add_body(bytes, context_.limits);
  if (wanted && bearable && stream->request->body) return store_body(*stream);
  nghttp2_session_consume(session_.get(), id, bytes.size());
  if (!bearable) submit(*stream, make_ready(problem(413, "The request body is too large")));
}

void Http2Session::store_body(Http2Stream& stream) {
  if (stream.storing) return;
  stream.storing = true;
  stream.deadline = Watchdog::never;
  asio::post(context_.readers, [weak = weak_from_this(), executor = context_.executor, id = stream.id,
                                file = stream.request->body, bytes = std::exchange(stream.incoming, {})] {
    const Result<void> stored = file->append(bytes);
    asio::post(executor, [weak, id, size = bytes.size(), stored] {
      if (const auto self = weak.lock(); self && !self->closed_) self->body_stored(id, size, stored);
    });
  });
}

void Http2Session::body_stored(std::int32_t id, std::size_t size, const Result<void>& stored) {
  now_ = Watchdog::Clock::now();
  nghttp2_session_consume(session_.get(), id, size);
  Http2Stream* const stream = find(id);
  if (stream != nullptr && !stream->dispatched) {
    stream->storing = false;
    expect(*stream, now_ + context_.limits.header_timeout);
    if (!stored) {
      spdlog::error("request failed  path={} reason={}", stream->request->path, stored.error().text());
      submit(*stream, make_ready(problem(507, "the server has no room for what was sent; its log says why")));
    } else if (!stream->incoming.empty()) {
      store_body(*stream);
    } else if (stream->complete) {
      request_arrived(*stream);
    }
  }
  wake_writer();
  watchdog_.refresh();
}

}  // namespace wheelbarrow::http
