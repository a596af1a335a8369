#include "http/http1_session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "base/mapped_file.hpp"
#include "http/answer.hpp"
#include "http/problem.hpp"
#include "http/request_id.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;
using Clock = Watchdog::Clock;

namespace {

// What a client may send ahead while its request is being answered; more stays in the socket.
constexpr std::size_t max_pipelined = 65'536;
// A file of less is written from memory: that is one system call with the header, and no descriptor.
constexpr std::size_t worth_sending_as_file = std::size_t{128} * 1024;
// What is looked for in memory and then sent with a file opened once.
constexpr std::size_t file_piece = std::size_t{4} * 1024 * 1024;
// After a refusal the rest of the request is read and dropped for so long, because closing a socket with
// unread bytes resets it, and a reset may overtake the answer (RFC 9112 9.6).
constexpr std::chrono::seconds linger_time{2};

}  // namespace

Http1Session::Http1Session(SessionContext context)
    : context_(std::move(context)),
      reader_(context_.limits, context_.scheme()),
      parked_(context_.executor, Clock::time_point::max()),
      watchdog_(context_.executor, [this] { return due(); }, [this] { expired(); }) {}

Clock::time_point Http1Session::due() const {
  const Limits& limits = context_.limits;
  switch (waiting_) {
    case Waiting::for_request:
      return since_ + limits.idle_timeout;
    case Waiting::for_head:
    case Waiting::for_body:
      return since_ + limits.header_timeout;
    case Waiting::for_socket:
      return std::max(since_, context_.transport->last_progress()) + limits.write_timeout;
    case Waiting::for_end:
      return since_ + linger_time;
    case Waiting::for_handler:
      break;
  }
  return Watchdog::never;
}

void Http1Session::expired() {
  if (waiting_ == Waiting::for_socket && context_.transport->client_took_bytes()) return;
  if (const char* reason = reason_to_end()) {
    spdlog::info("connection ended  reason={} peer={}", reason, context_.peer.name);
  }
  close();
}

const char* Http1Session::reason_to_end() const {
  switch (waiting_) {
    case Waiting::for_head:
    case Waiting::for_body:
      return "the request did not arrive in time";
    case Waiting::for_socket:
      return "the client takes nothing";
    case Waiting::for_request:
    case Waiting::for_handler:
    case Waiting::for_end:
      break;
  }
  return nullptr;
}

void Http1Session::wait_for(Waiting what) {
  waiting_ = what;
  since_ = Clock::now();
  watchdog_.refresh();
}

void Http1Session::drain() {
  draining_ = true;
  if (waiting_ == Waiting::for_request) close();
}

void Http1Session::close() {
  closed_ = true;
  context_.transport->close();
  parked_.cancel();
}

asio::awaitable<void> Http1Session::run(std::string received) {
  received_ = std::move(received);
  bool open = true;
  while (open) {
    const bool arrived = co_await read_request();
    if (!arrived) break;
    const bool keep_alive = reader_.keep_alive() && !refused_;
    const bool head_only = reader_.request().method == "HEAD";
    const Clock::time_point begun = Clock::now();
    identify(reader_.request());
    ReadyResponse response;
    if (refused_) {
      response = make_ready(std::move(reader_.refusal()));
    } else {
      wait_for(Waiting::for_handler);
      response = co_await run_handler();
    }
    wait_for(Waiting::for_socket);
    if (!response) {
      observe(nullptr, 0, begun);
      break;
    }
    const bool stays_open = keep_alive && !draining_;
    RopeCursor body = head_only ? RopeCursor() : RopeCursor(response->body);
    const std::size_t size = body.left();
    open = co_await send(*response, body, stays_open);
    observe(response.get(), size - body.left(), begun);
    if (open && !stays_open) {
      co_await linger();
      break;
    }
    reader_.reset();
  }
  close();
}

// `since_` is when the answer was there.
void Http1Session::observe(const Response* response, std::size_t sent, Clock::time_point begun) const {
  if (context_.observer == nullptr) return;
  (*context_.observer)({.request = reader_.request(),
                        .response = response,
                        .sent = sent,
                        .until_answer = since_ - begun,
                        .duration = Clock::now() - begun,
                        .loop = context_.loop});
}

asio::awaitable<bool> Http1Session::read_more() {
  const std::string_view bytes = co_await context_.transport->read();
  received_.append(bytes);
  co_return !bytes.empty();
}

asio::awaitable<bool> Http1Session::read_request() {
  wait_for(Waiting::for_request);
  reader_.request().peer = context_.peer.name;  // also of one that is refused before it is read
  while (true) {
    const Http1Reader::Step step = reader_.step(received_);
    if (step == Http1Reader::Step::head) break;
    if (step == Http1Reader::Step::refused) {
      refused_ = true;
      co_return true;
    }
    if (waiting_ == Waiting::for_request && !reader_.idle()) wait_for(Waiting::for_head);
    if (draining_ && reader_.idle()) co_return false;
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
  co_return co_await read_body();
}

asio::awaitable<bool> Http1Session::read_body() {
  Request& request = reader_.request();
  if (auto refusal = receive(context_, request)) {
    reader_.refuse(std::move(*refusal));
    refused_ = true;
    co_return true;
  }
  if (request.body) reader_.allow_body(request.body->most());
  bool announced = !reader_.expects_continue();
  wait_for(Waiting::for_body);
  while (true) {
    std::string data;
    const Http1Reader::Step step = reader_.step(received_, request.body ? &data : nullptr);
    if (!data.empty()) {
      const bool stored = co_await store_body(std::move(data));
      if (!stored) co_return true;
      wait_for(Waiting::for_body);
    }
    if (step == Http1Reader::Step::complete) co_return true;
    if (step == Http1Reader::Step::refused) {
      refused_ = true;
      co_return true;
    }
    if (!announced) {
      announced = true;
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const asio::const_buffer buffer = asio::buffer(go_on);
      const bool sent = co_await context_.transport->write({&buffer, 1});
      if (!sent) co_return false;
    }
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

asio::awaitable<bool> Http1Session::store_body(std::string data) {
  wait_for(Waiting::for_handler);  // the disk's time isn't the client's
  // A variable because of GCC bug 99576, see read_ahead().
  const auto append = [file = reader_.request().body,
                       data = std::move(data)]() -> asio::awaitable<Result<void>> {
    co_return file->append(data);
  };
  const Result<void> stored = co_await asio::co_spawn(context_.readers, append, asio::use_awaitable);
  if (stored) co_return true;
  spdlog::error("request failed  path={} reason={}", reader_.request().path, stored.error().text());
  reader_.refuse(problem(507, "the server has no room for what was sent; its log says why"));
  refused_ = true;
  co_return false;
}

asio::awaitable<void> Http1Session::watch_client() {
  while (received_.size() < max_pipelined) {
    const bool more = co_await read_more();
    if (!more) co_return;
  }
  if (closed_) co_return;
  boost::system::error_code ignored;
  co_await parked_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<ReadyResponse> Http1Session::run_handler() {
  using namespace asio::experimental::awaitable_operators;
  Answer answer = ask(context_, reader_.request());
  if (ReadyResponse* ready = std::get_if<ReadyResponse>(&answer)) co_return std::move(*ready);
  // The request is the reader's, which outlives the wait.
  const std::shared_ptr<const Request> request(std::shared_ptr<const Request>(), &reader_.request());
  auto waiting = finish(request, std::move(std::get<asio::awaitable<Response>>(answer)));
  std::variant<ReadyResponse, std::monostate> first = co_await (std::move(waiting) || watch_client());
  if (ReadyResponse* response = std::get_if<ReadyResponse>(&first)) co_return std::move(*response);
  co_return nullptr;
}

asio::awaitable<bool> Http1Session::send(const Response& response, RopeCursor& body, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(reason_phrase(response.status)).append("\r\n");
  for (const auto [name, value] : response.fields) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  head.append("date: ").append(date_now()).append("\r\n");
  if (const Request& request = reader_.request(); request.brought_id)
    head.append("x-request-id: ").append(request.id).append("\r\n");
  // Said in both cases, because HTTP/1.0 clients need to hear that it stays open (RFC 9112 C.2.2).
  head.append("connection: ").append(keep_alive ? "keep-alive" : "close").append("\r\n\r\n");
  Output output;
  output.append(head);
  co_return co_await send_body(body, output);
}

asio::awaitable<bool> Http1Session::send_body(RopeCursor& body, Output& output) {
  Transport& transport = *context_.transport;
  while (true) {
    Slice file;
    while (!output.full(transport.batch_size()) && body.left() > 0) {
      const bool large = transport.sends_files() && body.slice_left() >= worth_sending_as_file;
      Slice piece = body.take(large ? file_piece : transport.batch_size() - output.size());
      if (!is_resident(piece)) co_await read_ahead(piece);
      if (large && file_of(piece)) {
        file = std::move(piece);
        break;
      }
      output.append(std::move(piece));
    }
    if (!output.empty()) {
      const std::vector<asio::const_buffer> buffers = output.buffers();
      const bool sent = co_await transport.write(buffers);
      if (!sent) co_return false;
      output.clear();
    }
    if (file.size() > 0) {
      const bool sent = co_await transport.send_file(file);
      if (!sent) co_return false;
    }
    if (body.left() == 0) co_return true;
  }
}

asio::awaitable<void> Http1Session::read_ahead(const Slice& slice) {
  // A variable, because GCC 12 destroys the captures of a lambda that is a temporary of a co_await expression
  // twice (GCC bug 99576).
  const auto read = [slice]() -> asio::awaitable<void> {
    make_resident(slice);
    co_return;
  };
  co_await asio::co_spawn(context_.readers, read, asio::use_awaitable);
}

asio::awaitable<void> Http1Session::linger() {
  wait_for(Waiting::for_end);
  co_await context_.transport->end_writing();
  bool more = true;
  while (more) {
    const std::string_view bytes = co_await context_.transport->read();
    more = !bytes.empty();
  }
}

}  // namespace wheelbarrow::http
