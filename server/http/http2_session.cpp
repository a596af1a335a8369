#include "http/http2_session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/mapped_file.hpp"
#include "http/answer.hpp"
#include "http/http2_callbacks.hpp"
#include "http/priority.hpp"
#include "http/problem.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;
using Clock = Watchdog::Clock;

namespace {

// A response up to here is worth sending before what remains of a larger one (see prefer_small()).
constexpr std::size_t small_response = std::size_t{1024} * 1024;

// Frames that wait for a client that doesn't read. Each answers one of its own, so only a flood makes so
// many.
constexpr std::size_t max_queued_frames = 10'000;

constexpr std::size_t max_frame_size = 16'384;  // SETTINGS_MAX_FRAME_SIZE, which stays as it begins

// The fields of a response whose text outlives the frame. What each sending has of its own is copied; an id
// that never comes again is no entry for HPACK's table.
void list_fields(const Response& response, std::string_view status, std::string_view id,
                 std::vector<nghttp2_nv>& fields) {
  constexpr std::uint8_t no_copy = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  fields.clear();
  fields.push_back(make_field(":status", status, NGHTTP2_NV_FLAG_NO_COPY_NAME));
  for (const auto [name, value] : response.fields) {
    fields.push_back(make_field(name, value, no_copy));
  }
  fields.push_back(make_field("date", date_now(), NGHTTP2_NV_FLAG_NO_COPY_NAME));
  if (!id.empty())
    fields.push_back(make_field("x-request-id", id, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX));
}

}  // namespace

Http2Session::Http2Session(SessionContext context)
    : context_(std::move(context)),
      wake_(context_.executor, Clock::time_point::max()),
      floods_(context_.limits, now_),
      watchdog_(context_.executor, [this] { return due(); }, [this] { expired(); }) {}

Http2Session::~Http2Session() {
  now_ = Clock::now();
  for (auto& stream : streams_) {
    observe(*stream);
    context_.streams.give(std::move(stream));
  }
}

void Http2Session::observe(const Http2Stream& stream) const {
  if (context_.observer == nullptr || !stream.dispatched) return;
  const auto answered = stream.response ? stream.answered : now_;
  (*context_.observer)({.request = *stream.request,
                        .response = stream.response.get(),
                        .sent = stream.whole - stream.body.left(),
                        .until_answer = answered - stream.begun,
                        .duration = now_ - stream.begun,
                        .loop = context_.loop});
}

asio::awaitable<void> Http2Session::run(std::string received) {
  session_ = make_nghttp2(*this, context_.limits);
  if (!session_) co_return;
  asio::co_spawn(
      context_.executor, [self = shared_from_this()] { return self->write_frames(); },
      [self = shared_from_this()](const std::exception_ptr& failure) {
        if (failure) self->close();  // memory ran out; without its writer a session is of no use
      });
  bool good = received.empty() || feed(received);
  received = {};
  while (good && !closed_) {
    const std::string_view bytes = co_await context_.transport->read();
    if (bytes.empty()) break;
    if (!finished_ && !deaf_) good = feed(bytes);
  }
  close();
}

bool Http2Session::feed(std::string_view bytes) {
  now_ = Clock::now();
  floods_.see(bytes, now_);
  if (floods_.reason() != nullptr) flooded(floods_.reason());
  const ssize_t used = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  // What the client did wrong within the protocol gets its GOAWAY through nghttp2. A negative result means
  // that it doesn't speak HTTP/2, or floods.
  if (used == NGHTTP2_ERR_NOMEM || used == NGHTTP2_ERR_CALLBACK_FAILURE) return false;
  if (used < 0) {
    deaf_ = true;
    if (used == NGHTTP2_ERR_BAD_CLIENT_MAGIC) return false;
    flooded(nghttp2_strerror(static_cast<int>(used)));
  }
  if (nghttp2_session_get_outbound_queue_size(session_.get()) > max_queued_frames) {
    flooded("frames queue up that the client doesn't read");
  }
  wake_writer();
  watchdog_.refresh();
  return true;
}

void Http2Session::wake_writer() {
  if (std::exchange(awake_, true)) return;
  wake_.cancel();
}

bool Http2Session::gather() {
  now_ = Clock::now();
  while (!is_gathered()) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size < 0) return false;
    if (size == 0) break;
    output_.append({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
  return true;
}

asio::awaitable<void> Http2Session::write_frames() {
  while (!closed_) {
    if (!gather()) break;
    if (output_.empty()) {
      if (nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0)
        break;
      awake_ = false;
      while (!awake_ && !closed_) {
        boost::system::error_code ignored;
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      }
      continue;
    }
    writing_ = true;
    since_ = now_;
    watchdog_.refresh();
    const std::vector<asio::const_buffer> buffers = output_.buffers();
    const bool sent = co_await context_.transport->write(buffers);
    writing_ = false;
    output_.clear();
    if (!sent) {
      close();
      co_return;
    }
  }
  if (closed_) co_return;
  finished_ = true;
  since_ = Clock::now();
  watchdog_.refresh();
  co_await context_.transport->end_writing();
}

Http2Stream* Http2Session::find(std::int32_t id) const {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_.get(), id));
}

void Http2Session::stream_opened(std::int32_t id) {
  auto stream = context_.streams.take();
  stream->begin(id);
  stream->place = streams_.size();
  stream->request->peer = context_.peer.name;  // also of one that is refused before it is read
  nghttp2_session_set_stream_user_data(session_.get(), id, stream.get());
  arriving_ = stream.get();
  expect(*stream, now_ + context_.limits.header_timeout);
  streams_.push_back(std::move(stream));
}

void Http2Session::head_arrived(Http2Stream& stream) {
  std::optional<Response> refusal = stream.check_head(context_.limits);
  if (!refusal) refusal = receive(context_, *stream.request);
  if (refusal) return submit(stream, make_ready(std::move(*refusal)));
  if (stream.request->body) open_windows(stream);
  if (!stream.complete) encourage(stream);
}

void Http2Session::request_arrived(Http2Stream& stream) {
  stream.dispatched = true;
  stream.begun = now_;
  // A client that resets streams leaves handlers behind that still wind down; they count.
  if (handlers_ >= 2 * std::size_t{context_.limits.max_concurrent_streams}) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  Answer answer = ask(context_, *stream.request);
  if (ReadyResponse* ready = std::get_if<ReadyResponse>(&answer)) {
    submit(stream, std::move(*ready));
  } else {
    run_handler(stream, std::move(std::get<asio::awaitable<Response>>(answer)));
  }
}

void Http2Session::run_handler(Http2Stream& stream, asio::awaitable<Response> answer) {
  stream.deadline = Watchdog::never;
  stream.cancel = std::make_shared<asio::cancellation_signal>();
  const std::size_t memory = std::exchange(stream.held, 0);  // is released with the handler
  ++handlers_;
  asio::co_spawn(
      context_.executor, finish(stream.request, std::move(answer)),
      asio::bind_cancellation_slot(stream.cancel->slot(),
                                   [weak = weak_from_this(), id = stream.id, cancel = stream.cancel, memory](
                                       const std::exception_ptr& failure, ReadyResponse response) {
                                     const auto self = weak.lock();
                                     if (!self) return;
                                     --self->handlers_;
                                     self->memory_ -= memory;
                                     if (self->closed_) return;
                                     self->now_ = Clock::now();
                                     Http2Stream* waiting = self->find(id);
                                     if (waiting != nullptr) {
                                       // Nothing is thrown; this is what remains when memory runs out.
                                       if (failure)
                                         response = make_ready(problem(500, "The server ran out of memory"));
                                       self->submit(*waiting, std::move(response));
                                     }
                                     self->wake_writer();
                                     self->watchdog_.refresh();
                                   }));
}

void Http2Session::submit(Http2Stream& stream, ReadyResponse response) {
  if (!std::exchange(stream.dispatched, true)) stream.begun = now_;  // refused before it had arrived
  stream.answered = now_;
  stream.cancel.reset();
  stream.respond(std::move(response));
  std::vector<nghttp2_nv>& fields = context_.streams.fields;
  const std::string status = std::to_string(stream.response->status);
  const Request& request = *stream.request;
  list_fields(*stream.response, status, request.brought_id ? request.id : std::string_view(), fields);
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Http2Callbacks::next_data;
  const bool has_body = stream.body.left() > 0;
  const int error = nghttp2_submit_response(session_.get(), stream.id, fields.data(), fields.size(),
                                            has_body ? &provider : nullptr);
  if (error != 0) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_INTERNAL_ERROR);
    return;
  }
  stream.submitted = true;
  expect(stream, now_ + context_.limits.write_timeout);
  stream.is_large = stream.body.left() > small_response;
  if (stream.is_large) {
    ++large_;
  } else if (large_ > 0) {
    prefer_small(stream);
  }
}

// RFC 9218 has non-incremental responses of one urgency sent one after another, so that a small one asked for
// after a bundle would wait for all of the bundle. It costs the bundle nothing to let it go first, so it gets
// the next urgency (RFC 9218 8 leaves that to the server), unless the client shifts priorities itself.
void Http2Session::prefer_small(const Http2Stream& stream) {
  if (reprioritized_) return;
  const std::optional<std::string> field = stream.request->fields.get("priority");
  const Priority priority = field ? parse_priority(*field) : Priority{};
  if (priority.urgency == 0) return;
  const nghttp2_extpri raised{static_cast<std::uint32_t>(priority.urgency - 1), priority.incremental ? 1 : 0};
  nghttp2_session_change_extpri_stream_priority(session_.get(), stream.id, &raised, 0);
}

void Http2Session::read_ahead(Http2Stream& stream, Slice slice) {
  stream.reading = true;
  stream.deadline = Watchdog::never;
  asio::post(context_.readers, [weak = weak_from_this(), executor = context_.executor, id = stream.id,
                                slice = std::move(slice)] {
    make_resident(slice);
    asio::post(executor, [weak, id] {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      Http2Stream* waiting = self->find(id);
      if (waiting == nullptr || !waiting->reading) return;
      waiting->reading = false;
      self->expect(*waiting, Clock::now() + self->context_.limits.write_timeout);
      nghttp2_session_resume_data(self->session_.get(), id);
      self->wake_writer();
      self->watchdog_.refresh();
    });
  });
}

void Http2Session::cancel_handler(Http2Stream& stream) {
  if (auto cancel = std::move(stream.cancel)) {
    // Not from here: a handler that ends at once would call back into nghttp2, which may be calling us.
    asio::post(context_.executor,
               [cancel = std::move(cancel)] { cancel->emit(asio::cancellation_type::terminal); });
  }
}

void Http2Session::stream_closed(Http2Stream& stream) {
  if (arriving_ == &stream) arriving_ = nullptr;
  if (stream.is_large) --large_;
  observe(stream);
  cancel_handler(stream);
  memory_ -= stream.held;
  // What will not be stored has to be given back, too.
  nghttp2_session_consume_connection(session_.get(), stream.incoming.size());
  const std::size_t place = stream.place;
  context_.streams.give(std::move(streams_[place]));
  if (place + 1 < streams_.size()) {
    streams_[place] = std::move(streams_.back());
    streams_[place]->place = place;
  }
  streams_.pop_back();
  if (streams_.empty()) {
    since_ = now_;
    next_deadline_ = Watchdog::never;
  }
}

void Http2Session::check_frame(const nghttp2_frame_hd& frame) {
  // RFC 9113 4.2; nghttp2 lets a long CONTINUATION pass.
  if (frame.length > max_frame_size) return violated(NGHTTP2_FRAME_SIZE_ERROR);
  // RFC 9113 6.3
  if (frame.type == NGHTTP2_PRIORITY && frame.stream_id == 0) return violated(NGHTTP2_PROTOCOL_ERROR);
  if (frame.type == NGHTTP2_HEADERS && !ids_.use(frame.stream_id)) return violated(NGHTTP2_PROTOCOL_ERROR);
}

void Http2Session::violated(std::uint32_t error_code) {
  nghttp2_session_terminate_session(session_.get(), error_code);
}

void Http2Session::count_reset() {
  floods_.count_reset(now_);
  if (floods_.reason() != nullptr) flooded(floods_.reason());
}

void Http2Session::reset(const Http2Stream& stream, const char* reason) {
  spdlog::warn("stream reset  reason={} peer={}", reason, context_.peer.name);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::flooded(const char* reason) {
  if (std::exchange(flooded_, true)) return;
  spdlog::warn("connection ended  reason={} peer={}", reason, context_.peer.name);
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
}

// RFC 9113 6.8: the first GOAWAY refuses nothing, because requests may be on their way; once the client has
// heard it, the second one names the last request that is served.
void Http2Session::drain() {
  if (closed_ || finished_ || draining_ || !session_) return;
  draining_ = true;
  since_ = Clock::now();
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
  wake_writer();
  watchdog_.refresh();
}

void Http2Session::say_goodbye() {
  if (!std::exchange(draining_, false)) return;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR, nullptr,
                        0);
}

void Http2Session::close() {
  if (closed_) return;
  closed_ = true;
  context_.transport->close();
  awake_ = true;
  wake_.cancel();
  for (const auto& stream : streams_) {
    cancel_handler(*stream);
  }
}

}  // namespace wheelbarrow::http
