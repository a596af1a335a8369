#include "fuzz/conversation.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "fuzz/check.hpp"
#include "http/answer.hpp"
#include "http/target.hpp"

namespace wheelbarrow::fuzz {

namespace asio = boost::asio;
using http::Request;
using http::Response;

namespace {

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// What a handler may rely on.
void check_request(const Request& request, const http::Limits& limits) {
  check(!request.method.empty() && is_clean(request.method) && request.method.find(' ') == std::string::npos,
        "the method is a token", request.method);
  check(request.path.starts_with('/'), "the path begins with a slash", request.path);
  check(is_clean(request.path) && request.path.find_first_of("?# ") == std::string::npos, "the path is one",
        request.path);
  check(is_clean(request.query) && request.query.find_first_of("# ") == std::string::npos, "the query is one",
        request.query);
  check(request.path.size() + request.query.size() <= limits.max_target, "the target is within its limit");
  check(request.authority.empty() ? request.protocol == http::Protocol::http1
                                  : http::is_valid_authority(request.authority),
        "the authority can be one", request.authority);
  std::size_t list = 0;
  for (const auto [name, value] : request.fields) {
    check(!name.empty() && is_clean(name) && name.find_first_of(" :") == std::string_view::npos,
          "a field's name is a token", name);
    check(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }), "names are in lower case",
          name);
    check(is_clean(value), "a value is one line", value);
    list += http::field_cost(name, value);
  }
  check(list <= limits.max_header_list, "the header list is within its limit");
}

Response respond(const Request& request, std::size_t number) {
  Response response;
  response.fields.add("x-number", std::to_string(number));
  response.fields.add("x-method", request.method == "HEAD" ? "HEAD" : "other");
  response.fields.add("x-path", request.path);
  if (request.path == "/none") response.status = 204;
  const std::size_t pieces = request.path == "/large" ? 300 : 3;
  for (std::size_t i = 0; i < pieces; ++i) {
    response.body.push_back(Slice::of(std::string(request.path == "/large" ? 997 : i, 'b')));
  }
  return response;
}

asio::awaitable<Response> respond_later(asio::io_context& context, const Request& request,
                                        std::size_t number) {
  co_await pause(context, 2 + static_cast<int>(number % 3));
  co_return respond(request, number);
}

// What lives longer than a connection.
struct Surroundings {
  http::Limits limits = small_limits();
  http::Front front;
  http::Scratch scratch;
  http::Http2Streams streams;
  asio::thread_pool readers{1};
  asio::io_context context{1};
  Surroundings() { spdlog::set_level(spdlog::level::off); }
};

Surroundings& surroundings() {
  static auto* const instance = new Surroundings;  // threads and memory of the fuzzer outlive statics
  return *instance;
}

template <class SessionType>
Conversation converse(std::string_view magic, std::string_view input, const Course& course) {
  Surroundings& around = surroundings();
  Conversation conversation;
  const http::Handler handler = [&](const Request& request) -> http::Answer {
    check_request(request, around.limits);
    conversation.requests.push_back(request);
    const std::size_t number = conversation.requests.size();
    if (course.slow_handler) return respond_later(around.context, request, number);
    return http::make_ready(respond(request, number));
  };
  const auto transport = std::make_shared<FedTransport>(around.context, around.scratch, input, course);
  auto session = std::make_shared<SessionType>(
      http::SessionContext{handler, around.limits, around.context.get_executor(), transport,
                           http::Peer{"client", ""}, around.front, around.streams, around.readers});
  const std::weak_ptr<http::Session> alive = session;
  if (course.drain) {
    transport->halfway = [alive] {
      if (const auto draining = alive.lock()) draining->drain();
    };
  }
  bool ended = false;
  around.context.restart();
  asio::co_spawn(around.context, session->run(std::string(magic)),
                 [&ended](const std::exception_ptr& failure) {
                   ended = true;
                   if (failure) std::rethrow_exception(failure);
                 });
  around.context.poll();
  check(ended, "a session ends when its client has gone");
  session.reset();
  around.context.restart();
  around.context.poll();
  check(alive.expired(), "nothing holds a session that has ended");
  conversation.output = std::move(transport->output);
  return conversation;
}

}  // namespace

http::Limits small_limits() {
  http::Limits limits;
  limits.max_target = 200;
  limits.max_header_list = 1000;
  limits.max_body = 500;
  limits.max_concurrent_streams = 8;
  limits.max_connection_memory = 3000;
  limits.max_resets = 20;
  limits.max_control_frames = 50;
  limits.max_continuations = 3;
  return limits;
}

Conversation converse_http1(std::string_view input, const Course& course) {
  return converse<http::Http1Session>("", input, course);
}

Conversation converse_http2(std::string_view input, const Course& course) {
  return converse<http::Http2Session>("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", input, course);
}

}  // namespace wheelbarrow::fuzz
