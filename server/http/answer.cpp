#include "http/answer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <ctime>
#include <utility>

#include "http/conditional.hpp"
#include "http/forwarded.hpp"
#include "http/problem.hpp"

namespace wheelbarrow::http {
namespace {

// The session's own (RFC 9110 7.6.1, RFC 9113 8.2.2), and what make_ready() computes.
constexpr auto session_fields =
    std::to_array<std::string_view>({"connection", "content-length", "date", "keep-alive", "proxy-connection",
                                     "transfer-encoding", "upgrade", "x-request-id"});

bool has_line_break(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// A handler that copies input into a field must not be able to split the response.
Fields without_unsendable(const Fields& fields) {
  Fields kept;
  for (const auto [name, value] : fields) {
    if (std::ranges::find(session_fields, name) != session_fields.end()) continue;
    if (has_line_break(name) || has_line_break(value)) {
      spdlog::error("response field dropped  reason=line break in {}",
                    has_line_break(name) ? "its name" : name);
      continue;
    }
    kept.add(name, value);
  }
  return kept;
}

bool needs_cleaning(const Fields& fields) {
  return std::ranges::any_of(fields, [](const Fields::Field& field) {
    return std::ranges::find(session_fields, field.name) != session_fields.end() ||
           has_line_break(field.name) || has_line_break(field.value);
  });
}

ReadyResponse failed(const Request& request, std::string_view reason) {
  spdlog::error("request failed  path={} request-id={} reason={}", request.path, request.id, reason);
  return make_ready(problem(500, "The server failed to answer this request; its log says why"));
}

// What was thrown, as a response.
ReadyResponse caught(const Request& request) {
  try {
    throw;
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted)
      return make_ready(problem(503, "The request was given up"));
    return failed(request, error.what());
  } catch (const std::exception& error) {
    return failed(request, error.what());
  } catch (...) {
    return failed(request, "an exception of unknown type");
  }
}

}  // namespace

std::optional<Response> receive(const SessionContext& context, Request& request) {
  introduce(request, context.peer, context.front);
  request.body.reset();
  const std::string& method = request.method;
  if (context.receiver == nullptr || method == "GET" || method == "HEAD" || method == "OPTIONS")
    return std::nullopt;
  auto received = (*context.receiver)(request);
  if (!received) return std::move(received.error());
  request.body = std::move(*received);
  return std::nullopt;
}

Answer ask(const SessionContext& context, const Request& request) {
  if (request.path == "*") return make_ready(options_response("GET, HEAD, OPTIONS"));
  try {
    return context.handler(request);
  } catch (...) {
    return caught(request);
  }
}

boost::asio::awaitable<ReadyResponse> finish(std::shared_ptr<const Request> request,
                                             boost::asio::awaitable<Response> answer) {
  try {
    co_return make_ready(co_await std::move(answer));
  } catch (...) {
    co_return caught(*request);
  }
}

ReadyResponse make_ready(Response response) {
  if (response.status < 200 || response.status > 599) {
    spdlog::error("response replaced  reason=status {} is not a final one", response.status);
    response = problem(500, "The server failed to answer this request; its log says why");
  }
  if (needs_cleaning(response.fields)) response.fields = without_unsendable(response.fields);
  if (response.status == 204 || response.status == 304) {
    // No Content-Length either: in a 304 it would be taken for the 200's (RFC 9110 8.6).
    response.body.clear();
  } else {
    response.fields.add("content-length", std::to_string(total_size(response.body)));
  }
  add_common_fields(response);
  return std::make_shared<const Response>(std::move(response));
}

std::string_view date_now() {
  thread_local std::time_t formatted = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != formatted) {
    text = format_date(now);
    formatted = now;
  }
  return text;
}

}  // namespace wheelbarrow::http
