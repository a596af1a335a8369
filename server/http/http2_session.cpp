#include "http/http2_session.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "http/answer.hpp"
#include "http/http2_callbacks.hpp"
#include "http/problem.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;
using Clock = Watchdog::Clock;

namespace {

// After the last frame the rest of what the client sent is read and dropped for so long, because closing a
// socket with unread bytes resets it, and a reset may overtake the last frames.
constexpr std::chrono::seconds linger_time{1};

// nghttp2's own protections, tighter where an honest client is far from them.
struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

std::unique_ptr<nghttp2_option, OptionDeleter> make_options() {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return nullptr;
  nghttp2_option_set_max_outbound_ack(option, 1000);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_max_continuations(option, 8);
  // A burst, then so many a second: resets cost a handler each ("rapid reset", CVE-2023-44487).
  nghttp2_option_set_stream_reset_rate_limit(option, 1000, 33);
  // Closed streams are kept only for the priorities of RFC 7540, which RFC 9113 dropped.
  nghttp2_option_set_no_closed_streams(option, 1);
  return std::unique_ptr<nghttp2_option, OptionDeleter>(option);
}

nghttp2_nv make_field(std::string_view name, std::string_view value) {
  // nghttp2 copies both and changes neither, whatever its types say.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

void Http2Session::SessionDeleter::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

Http2Session::Http2Session(SessionContext context)
    : context_(std::move(context)),
      wake_(context_.executor, Clock::time_point::max()),
      watchdog_(context_.executor, [this] { return due(); }, [this] { expired(); }) {}

Http2Session::~Http2Session() = default;

bool Http2Session::start() {
  const auto callbacks = Http2Callbacks::make();
  const auto options = make_options();
  nghttp2_session* session = nullptr;
  if (!callbacks || !options ||
      nghttp2_session_server_new2(&session, callbacks.get(), this, options.get()) != 0) {
    return false;
  }
  session_.reset(session);
  const Limits& limits = context_.limits;
  const auto settings = std::to_array<nghttp2_settings_entry>({
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(std::min<std::size_t>(
                                                  limits.max_header_list + limits.max_target, UINT32_MAX))},
  });
  return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0;
}

asio::awaitable<void> Http2Session::run(std::string received) {
  if (!start()) co_return;
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
    if (!finished_) good = feed(bytes);
  }
  close();
}

bool Http2Session::feed(std::string_view bytes) {
  const ssize_t used = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  // What the client did wrong within the protocol gets its GOAWAY through the session; an error here means
  // that it doesn't speak HTTP/2, or floods.
  if (used == NGHTTP2_ERR_FLOODED) {
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
  } else if (used < 0) {
    return false;
  }
  wake_writer();
  watchdog_.refresh();
  return true;
}

void Http2Session::wake_writer() {
  awake_ = true;
  wake_.cancel();
}

bool Http2Session::gather() {
  while (!output_.full()) {
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
      while (!awake_ && !closed_) {
        boost::system::error_code ignored;
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      }
      awake_ = false;
      continue;
    }
    writing_ = true;
    since_ = Clock::now();
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

Http2Stream* Http2Session::find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Http2Session::request_arrived(Http2Stream& stream) {
  // A client that resets streams leaves handlers behind that still wind down; they count.
  if (handlers_ >= 2 * std::size_t{context_.limits.max_concurrent_streams}) {
    stream.dispatched = true;
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  stream.dispatched = true;
  stream.cancel = std::make_shared<asio::cancellation_signal>();
  ++handlers_;
  asio::co_spawn(context_.executor, answer(context_.handler, std::move(stream.request)),
                 asio::bind_cancellation_slot(
                     stream.cancel->slot(), [weak = weak_from_this(), id = stream.id, cancel = stream.cancel](
                                                const std::exception_ptr& failure, Response response) {
                       const auto self = weak.lock();
                       if (!self) return;
                       --self->handlers_;
                       Http2Stream* waiting = self->find(id);
                       if (waiting == nullptr || self->closed_) return;
                       // answer() doesn't throw; this is what remains when memory runs out.
                       if (failure) response = problem(500, "The server failed to answer this request");
                       self->submit(*waiting, std::move(response));
                       self->wake_writer();
                     }));
}

void Http2Session::submit(Http2Stream& stream, Response response) {
  stream.dispatched = true;
  stream.cancel.reset();
  complete(response);
  const std::string status = std::to_string(response.status);
  std::vector<nghttp2_nv> fields;
  fields.reserve(response.fields.size() + 1);
  fields.push_back(make_field(":status", status));
  for (const auto& [name, value] : response.fields) {
    fields.push_back(make_field(name, value));
  }
  if (!stream.is_head) stream.body = RopeCursor(std::move(response.body));
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
  ++answering_;
  since_ = Clock::now();
  watchdog_.refresh();
}

void Http2Session::stream_closed(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  if (found->second->submitted) --answering_;
  if (auto cancel = std::move(found->second->cancel)) {
    // Not from here: a handler that ends at once would call back into nghttp2, which is calling us.
    asio::post(context_.executor,
               [cancel = std::move(cancel)] { cancel->emit(asio::cancellation_type::terminal); });
  }
  streams_.erase(found);
  since_ = Clock::now();
}

Clock::time_point Http2Session::due() const {
  const Limits& limits = context_.limits;
  if (closed_) return Watchdog::never;
  if (finished_) return since_ + linger_time;
  if (writing_ || answering_ > 0 || ending_) {
    return std::max(since_, context_.transport->last_progress()) + limits.write_timeout;
  }
  if (handlers_ > 0) return Watchdog::never;
  // A request whose header section or body is on its way, or the client's preface.
  if (!streams_.empty() || !heard_) return since_ + limits.header_timeout;
  return since_ + limits.idle_timeout;
}

void Http2Session::expired() {
  const bool idle = heard_ && streams_.empty() && !writing_ && !ending_ && !finished_;
  if (!idle) {
    if (!finished_ && (writing_ || answering_ > 0) && context_.transport->client_took_bytes()) return;
    close();
    return;
  }
  ending_ = true;
  since_ = Clock::now();
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
  wake_writer();
}

void Http2Session::drain() {
  if (closed_ || finished_ || !session_) return;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR, nullptr,
                        0);
  wake_writer();
}

void Http2Session::close() {
  if (closed_) return;
  closed_ = true;
  context_.transport->close();
  wake_.cancel();
  for (auto& [id, stream] : streams_) {
    if (auto cancel = std::move(stream->cancel)) {
      asio::post(context_.executor,
                 [cancel = std::move(cancel)] { cancel->emit(asio::cancellation_type::terminal); });
    }
  }
}

}  // namespace wheelbarrow::http
