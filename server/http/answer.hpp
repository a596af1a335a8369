// From a request to a response that may leave: the checks before the handler, the handler, and the fields
// that every response carries, the same for all protocol versions. Private to this room.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "http/message.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

// A request field's share of the header list (RFC 9113 10.5.1: name, value and 32 bytes).
inline std::size_t field_cost(std::string_view name, std::string_view value) {
  return name.size() + value.size() + 32;
}

// Runs the handler. Never throws: what the handler throws becomes a 500 and one log line; a handler that was
// cancelled gives a 503 that nobody will read.
boost::asio::awaitable<Response> answer(const Handler& handler, Request request);

// Makes a response ready to be sent: Date, Content-Length, the common fields; no body where none may be,
// nothing that belongs to the connection, nothing that could end a field line early.
void complete(Response& response);

}  // namespace wheelbarrow::http
