// A whole connection in memory: a session, what it is fed, and what comes of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fed_transport.hpp"
#include "http/http1_session.hpp"
#include "http/http2_session.hpp"

namespace wheelbarrow::fuzz {

struct Conversation {
  std::string output;
  std::vector<http::Request> requests;  // that reached the handler
};

// Each response to a request that reached the handler has its number in x-number, and x-method.
Conversation converse_http1(std::string_view input, const Course& course);
// The client's magic (RFC 9113 3.4) goes ahead of the input.
Conversation converse_http2(std::string_view input, const Course& course);

// The limits of both, low enough for small inputs to reach.
http::Limits small_limits();

}  // namespace wheelbarrow::fuzz
