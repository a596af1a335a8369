// The words in which HTTP/2 cases are written: frames (strings, to be joined by '+') and outcomes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "http/conformance/case.hpp"
#include "http/conformance/http2_conversation.hpp"
#include "http/raw_client.hpp"

namespace wheelbarrow::http::conformance {

using Http2Steps = Steps<Http2Conversation>;
using Http2Case = Case<Http2Conversation>;
using Http2Conformance = Conformance<Http2Conversation>;

using h2::field;
using h2::frame;

// RFC 9113 7.
enum class Code : std::uint32_t {
  no_error,
  protocol_error,
  internal_error,
  flow_control_error,
  settings_timeout,
  stream_closed,
  frame_size_error,
  refused_stream,
  cancel,
  compression_error,
  connect_error,
  enhance_your_calm,
};
using enum Code;

// RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1.
enum class Setting : std::uint16_t {
  header_table_size = 1,
  enable_push,
  max_concurrent_streams,
  initial_window_size,
  max_frame_size,
  max_header_list_size,
  enable_connect_protocol = 8,
  no_rfc7540_priorities = 9,
};
using enum Setting;

namespace flag {
inline constexpr std::uint8_t none = 0, ack = 1, end_stream = 1, end_headers = 4, padded = 8, priority = 0x20;
}

// Frames. A request's target is /hello where none is given.
std::string headers(std::uint32_t stream, std::string_view block,
                    std::uint8_t flags = flag::end_headers | flag::end_stream);
std::string continuation(std::uint32_t stream, std::string_view block,
                         std::uint8_t flags = flag::end_headers);
std::string pseudo(std::string_view method, std::string_view path = "/hello");  // a field section's beginning
std::string get(std::uint32_t stream, std::string_view path = "/hello", std::string_view more_fields = {});
std::string post(std::uint32_t stream, std::string_view more_fields = {});  // without END_STREAM
std::string waiting(std::uint32_t stream);  // a GET that is not answered before the case is over
std::string data(std::uint32_t stream, std::string_view payload, std::uint8_t flags = flag::none);
std::string last_data(std::uint32_t stream, std::string_view payload);
std::string trailers(std::uint32_t stream, std::string_view block = field("x-trailer", "1"));
std::string priority(std::uint32_t stream, std::uint32_t depends_on = 0);
std::string reset(std::uint32_t stream, Code code = cancel);
std::string settings(std::initializer_list<std::pair<Setting, std::uint32_t>> entries);
std::string ping(std::string_view payload = "12345678", std::uint8_t flags = flag::none);
std::string goaway(Code code = no_error, std::string_view debug = {});
std::string window_update(std::uint32_t stream, std::uint32_t increment);

// The client's preface with these settings, or bytes in the preface's place. Must come first.
Http2Steps with(std::initializer_list<std::pair<Setting, std::uint32_t>> entries);
Http2Steps start(std::string bytes);

// Outcomes, and steps that wait for something.

// GOAWAY with that code (or the other, where the RFC leaves it open), then the end of the connection.
Http2Steps connection_error(Code code, std::optional<Code> or_else = std::nullopt);
// The end of the connection, with or without GOAWAY.
Http2Steps closed();
// RST_STREAM with that code; the connection goes on.
Http2Steps stream_error(std::uint32_t stream, Code code);
// A complete response with that status.
Http2Steps completes(std::uint32_t stream, unsigned status);
// The same, and the connection goes on.
Http2Steps answered(std::uint32_t stream, unsigned status);
Http2Steps answered(std::uint32_t stream, unsigned status, std::string body);
// The same without a body, for HEAD.
Http2Steps completes_head(std::uint32_t stream, unsigned status);
Http2Steps answered_head(std::uint32_t stream, unsigned status);
// Nothing comes of it: no error, and the connection goes on.
Http2Steps ignored();
// The connection goes on, whatever became of the streams.
Http2Steps usable();
// So many more bytes of the response's body, and not one beyond.
Http2Steps receives(std::uint32_t stream, std::size_t bytes);
// The response's header section, not waiting for more.
Http2Steps responds(std::uint32_t stream);
// A frame of that type, as `check` wants it.
Http2Steps sends(std::uint8_t type, std::function<bool(const Frame&)> check);
// A round trip.
Http2Steps settled();
// Anything else.
Http2Steps check(Http2Steps::Step step);

}  // namespace wheelbarrow::http::conformance
