#include "http/http2_stream.hpp"

#include "http/answer.hpp"
#include "http/problem.hpp"
#include "http/target.hpp"

namespace wheelbarrow::http {

Http2Stream::Http2Stream(std::int32_t stream_id, std::string_view peer) : id(stream_id) {
  request.protocol = Protocol::http2;
  request.peer = peer;
}

bool Http2Stream::add_field(std::string_view name, std::string_view value, const Limits& limits) {
  // HPACK turns one byte into thousands, so what is over the limit must not be kept; but it is counted, to
  // tell a request that gets its 431 from one that is only meant to cost.
  list_size_ += field_cost(name, value);
  if (name == ":path") {
    // Its own limit, and its own answer.
    list_size_ -= value.size();
    target_ = value.substr(0, limits.max_target + 1);
    return value.size() <= 2 * (limits.max_target + limits.max_header_list);
  }
  if (list_size_ > limits.max_header_list) return list_size_ <= 16 * limits.max_header_list;
  if (name == ":method") {
    request.method = value;
    is_head = value == "HEAD";
  } else if (name == ":scheme") {
    request.scheme = value;
  } else if (name == ":authority") {
    request.authority = value;
  } else if (!name.starts_with(':')) {
    request.fields.add(name, std::string(value));
  }
  return true;
}

std::optional<Response> Http2Stream::check_head(const Limits& limits) {
  if (target_.size() > limits.max_target) return problem(414, "The request target is too long");
  if (list_size_ > limits.max_header_list) return problem(431, "The header section is too large");
  const std::optional<std::string> host = request.fields.get("host");
  if (request.authority.empty() && host) request.authority = *host;
  if (!is_valid_authority(request.authority))
    return problem(400, "The request's :authority is missing or malformed");
  // A Host field that disagrees would be believed by somebody else (RFC 9113 8.3.1).
  if (host && *host != request.authority) return problem(400, "Host and :authority differ");
  if (const Result<void> split = set_target(request, target_); !split)
    return problem(400, split.error().message);
  target_.clear();
  return std::nullopt;
}

bool Http2Stream::add_body(std::size_t size, const Limits& limits) {
  body_size_ += size;
  return body_size_ <= limits.max_body;
}

}  // namespace wheelbarrow::http
