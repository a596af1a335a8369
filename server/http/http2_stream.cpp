#include "http/http2_stream.hpp"

#include <algorithm>
#include <utility>

#include "http/answer.hpp"
#include "http/problem.hpp"
#include "http/request_id.hpp"
#include "http/target.hpp"

namespace wheelbarrow::http {

void Http2Stream::begin(std::int32_t stream_id) {
  id = stream_id;
  // A handler may still look at the request of the stream that this was before.
  if (!request || request.use_count() > 1) {
    request = std::make_shared<Request>();
  } else {
    request->method.clear();
    request->path.clear();
    request->query.clear();
    request->scheme.clear();
    request->authority.clear();
    request->fields.clear();
    request->network.clear();
    request->prefix.clear();
    request->brought_id = false;
    request->body.reset();
  }
  whole = 0;
  request->protocol = Protocol::http2;
  is_head = head_complete = complete = dispatched = submitted = is_large = reading = storing = false;
  target_.clear();
  held = list_size_ = 0;
  body_size_ = 0;
}

void Http2Stream::end() {
  body = {};
  checked = {};
  response.reset();
  cancel.reset();
  incoming = {};
  // Unless a handler still looks at it.
  if (request && request.use_count() == 1) request->body.reset();
}

bool Http2Stream::add_field(std::string_view name, std::string_view value, const Limits& limits) {
  // HPACK turns one byte into thousands, so what is over the limit must not be kept; but it is counted, to
  // tell a request that gets its 431 from one that is only meant to cost.
  list_size_ += field_cost(name, value);
  if (name == ":path") {
    // Its own limit, and its own answer.
    list_size_ -= value.size();
    held += std::min(value.size(), limits.max_target + 1);
    target_ = value.substr(0, limits.max_target + 1);
    return value.size() <= 2 * (limits.max_target + limits.max_header_list);
  }
  if (list_size_ > limits.max_header_list) return list_size_ <= 16 * limits.max_header_list;
  held += field_cost(name, value);
  if (name == ":method") {
    request->method = value;
    is_head = value == "HEAD";
  } else if (name == ":scheme") {
    request->scheme = value;
  } else if (name == ":authority") {
    request->authority = value;
  } else if (!name.starts_with(':')) {
    request->fields.add(name, value);
  }
  return true;
}

std::optional<Response> Http2Stream::check_head(const Limits& limits) {
  head_complete = true;
  identify(*request);
  if (target_.size() > limits.max_target) return problem(414, "The request target is too long");
  if (list_size_ > limits.max_header_list) return problem(431, "The header section is too large");
  const std::optional<std::string> host = request->fields.get("host");
  if (request->authority.empty() && host) request->authority = *host;
  if (!is_valid_authority(request->authority))
    return problem(400, "The request's :authority is missing or malformed");
  // A Host field that disagrees would be believed by somebody else (RFC 9113 8.3.1).
  if (host && *host != request->authority) return problem(400, "Host and :authority differ");
  if (const Result<void> split = set_target(*request, target_); !split)
    return problem(400, split.error().message);
  return std::nullopt;
}

bool Http2Stream::add_body(std::string_view bytes, const Limits& limits) {
  body_size_ += bytes.size();
  if (!request->body) return body_size_ <= limits.max_body;
  if (body_size_ > request->body->most()) return false;
  incoming += bytes;
  return true;
}

void Http2Stream::respond(ReadyResponse ready) {
  response = std::move(ready);
  if (is_head) return;
  body = RopeCursor(response->body);
  checked = body;
  whole = body.left();
}

std::unique_ptr<Http2Stream> Http2Streams::take() {
  if (spare_.empty()) return std::make_unique<Http2Stream>();
  auto stream = std::move(spare_.back());
  spare_.pop_back();
  return stream;
}

void Http2Streams::give(std::unique_ptr<Http2Stream> stream) {
  stream->end();
  if (spare_.size() < most_spare && stream->capacity() <= largest_spare) spare_.push_back(std::move(stream));
}

}  // namespace wheelbarrow::http
