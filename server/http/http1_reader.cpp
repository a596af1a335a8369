#include "http/http1_reader.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "http/answer.hpp"
#include "http/problem.hpp"
#include "http/syntax.hpp"
#include "http/target.hpp"

namespace wheelbarrow::http {

namespace beast_http = boost::beast::http;

namespace {

// The longest method and version, and the two spaces between.
constexpr std::size_t request_line_slack = 64;

// Whether a comma-separated list has this member, whatever its case.
bool lists(std::string_view list, std::string_view member) {
  while (!list.empty()) {
    if (equal_ignoring_case(take_until(list, ','), member)) return true;
  }
  return false;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

}  // namespace

Http1Reader::Http1Reader(const Limits& limits, std::string_view scheme) : limits_(limits), scheme_(scheme) {}

void Http1Reader::reset() {
  phase_ = Phase::head;
  started_ = false;
  scanned_ = 0;
  parser_.reset();
  request_ = {};
  refusal_.reset();
  keep_alive_ = false;
  expects_continue_ = false;
}

Http1Reader::Step Http1Reader::refuse(unsigned status, std::string_view detail) {
  refuse(problem(status, detail));
  return Step::refused;
}

void Http1Reader::refuse(Response response) {
  refusal_ = std::move(response);
  keep_alive_ = false;
}

Http1Reader::Step Http1Reader::step(std::string& received, std::string* data) {
  switch (phase_) {
    case Phase::head:
      return step_head(received);
    case Phase::body:
      return step_body(received, data);
    case Phase::done:
      break;
  }
  return Step::complete;
}

Http1Reader::Step Http1Reader::step_head(std::string& received) {
  // At least one empty line before the request line is to be ignored (RFC 9112 2.2).
  // All of them, because how many one read brings is chance.
  if (!started_) {
    std::size_t empty = 0;
    while (received.compare(empty, 2, "\r\n") == 0) {
      empty += 2;
    }
    received.erase(0, empty);
  }
  if (received.empty() || (!started_ && received == "\r")) return Step::need_more;
  started_ = true;

  std::size_t head_size = 0;
  for (std::size_t feed = received.find('\n', scanned_); feed != std::string::npos;
       feed = received.find('\n', feed + 1)) {
    if (feed == 0 || received[feed - 1] != '\r') return refuse(400, "A line of the header ends without CR");
    if (feed >= 3 && received[feed - 2] == '\n') {
      head_size = feed + 1;
      break;
    }
  }
  const std::size_t first_line = std::min(received.find('\n'), received.size());
  if (first_line > limits_.max_target + request_line_slack)
    return refuse(414, "The request target is too long");
  const std::size_t fields_size = (head_size == 0 ? received.size() : head_size) - first_line;
  if (fields_size > limits_.max_header_list) return refuse(431, "The header section is too large");
  if (head_size == 0) {
    scanned_ = received.size();
    return Step::need_more;
  }

  const std::string head = received.substr(0, head_size);
  received.erase(0, head_size);
  parser_ = std::make_unique<Parser>();
  parser_->header_limit(static_cast<std::uint32_t>(head_size) + 1);
  parser_->body_limit(boost::none);  // the body is not Beast's
  boost::system::error_code error;
  const std::size_t used = put(head, error);
  if (error == beast_http::error::header_limit) return refuse(431, "A header field is too large");
  if (error == beast_http::error::bad_version)
    return refuse(505, "Only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here");
  if ((error && error != beast_http::error::need_more) || used != head_size || !parser_->is_header_done()) {
    return refuse(400, "The request line or a header field is malformed");
  }
  if (const auto refused = check_framing(head)) return *refused;
  if (const auto refused = take_request()) return *refused;
  phase_ = Phase::body;
  return Step::head;
}

std::size_t Http1Reader::put(std::string_view bytes, boost::system::error_code& error) {
  try {
    return parser_->put(boost::asio::buffer(bytes), error);
  } catch (const std::length_error&) {
    // Beast keeps a field's size in 16 bits, and throws for a larger one.
    error = beast_http::error::header_limit;
    return 0;
  }
}

std::optional<Http1Reader::Step> Http1Reader::check_framing(std::string_view head) {
  const auto& message = parser_->get();
  // A folded line (RFC 9112 5.2).
  if (head.find("\r\n ") != std::string_view::npos || head.find("\r\n\t") != std::string_view::npos) {
    return refuse(400, "Folded header lines are not accepted");
  }
  const auto lengths = message.count(beast_http::field::content_length);
  const auto codings = message.count(beast_http::field::transfer_encoding);
  if (lengths + codings > 1) return refuse(400, "The request gives its body's length more than once");
  std::uint64_t length = 0;
  if (lengths == 1) {
    const std::string_view digits = message[beast_http::field::content_length];
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
      return refuse(400, "Content-Length must be a number");
    }
  }
  body_ =
      codings == 1 ? Http1Body::chunked(limits_.max_body) : Http1Body::of_length(length, limits_.max_body);
  if (codings == 0) return std::nullopt;
  if (message.version() < 11) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
  return check_coding(message[beast_http::field::transfer_encoding]);
}

// RFC 9112 6.3: without "chunked" at the end nobody knows where the body ends.
std::optional<Http1Reader::Step> Http1Reader::check_coding(std::string_view codings) {
  if (equal_ignoring_case(codings, "chunked")) return std::nullopt;
  const std::size_t comma = codings.rfind(',');
  const std::string_view last = trim(codings.substr(comma == std::string_view::npos ? 0 : comma + 1));
  if (!equal_ignoring_case(last, "chunked")) return refuse(400, "The last transfer coding must be chunked");
  return refuse(501, "Only the chunked transfer coding is known here");
}

std::optional<Http1Reader::Step> Http1Reader::take_request() {
  const auto& message = parser_->get();
  const std::string_view target = message.target();
  if (target.size() > limits_.max_target) return refuse(414, "The request target is too long");
  request_.method = message.method_string();
  request_.protocol = Protocol::http1;
  request_.scheme = scheme_;
  std::size_t list_size = 0;
  std::size_t hosts = 0;
  for (const auto& field : message) {
    list_size += field_cost(field.name_string(), field.value());
    std::string name = lower_case(field.name_string());
    if (name == "host") {
      ++hosts;
      request_.authority = field.value();
    }
    request_.fields.add(name, field.value());
  }
  if (list_size > limits_.max_header_list) return refuse(431, "The header section is too large");
  // RFC 9112 3.2: exactly one Host in HTTP/1.1, even beside an absolute target.
  if (hosts > 1 || (hosts == 0 && message.version() >= 11))
    return refuse(400, "A request needs exactly one Host field");
  if (hosts == 1 && !is_valid_authority(request_.authority))
    return refuse(400, "The Host field is malformed");
  if (const Result<void> split = set_target(request_, target); !split)
    return refuse(400, split.error().message);
  if (hosts == 1 && !is_valid_authority(request_.authority)) {
    return refuse(400, "The host in the request target is malformed");
  }
  // RFC 9112 9.3
  const std::string options = request_.fields.get("connection").value_or("");
  keep_alive_ = !lists(options, "close") && (message.version() >= 11 || lists(options, "keep-alive"));
  if (const auto expectation = request_.fields.get("expect"); expectation && message.version() >= 11) {
    if (!equal_ignoring_case(*expectation, "100-continue"))
      return refuse(417, "Only 100-continue can be expected");
    expects_continue_ = true;
  }
  return std::nullopt;
}

Http1Reader::Step Http1Reader::step_body(std::string& received, std::string* data) {
  switch (body_.step(received, data)) {
    case Http1Body::Step::need_more:
      return Step::need_more;
    case Http1Body::Step::too_large:
      return refuse(413, "The request body is too large");
    case Http1Body::Step::malformed:
      return refuse(400, "The request body is malformed");
    case Http1Body::Step::complete:
      break;
  }
  phase_ = Phase::done;
  return Step::complete;
}

}  // namespace wheelbarrow::http
