// From a request to a response that may leave: the handler and what it may throw, and what every response
// carries, the same for all protocol versions. Private to this room.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "http/message.hpp"
#include "http/session.hpp"

namespace wheelbarrow::http {

// A request field's share of the header list (RFC 9113 10.5.1: name, value and 32 bytes).
inline std::size_t field_cost(std::string_view name, std::string_view value) {
  return name.size() + value.size() + 32;
}

// To be called when the head of a request has come: fills in who asks (see introduce()) and where its body
// goes. Returns the answer if it is refused instead.
std::optional<Response> receive(const SessionContext& context, Request& request);

// Asks the handler. Never throws: what the handler throws becomes a 500 and one log line.
Answer ask(const SessionContext& context, const Request& request);

// Waits for an answer that isn't ready. Never throws either; a handler that was cancelled gives a 503 that
// nobody will read.
boost::asio::awaitable<ReadyResponse> finish(std::shared_ptr<const Request> request,
                                             boost::asio::awaitable<Response> answer);

// The Date field's value now, formatted once a second. Valid until the next call in this thread.
std::string_view date_now();

}  // namespace wheelbarrow::http
