// RFC 9113 6: each type of frame, where and how large it may be, and what its fields may say.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

constexpr std::uint32_t largest_window = 0x7fff'ffff;

// A payload with so many bytes of padding behind it, as the PADDED flag announces them.
std::string pad(std::string_view payload, unsigned char padding) {
  return std::string(1, static_cast<char>(padding)).append(payload).append(padding, '\0');
}

std::string padded_headers(std::uint32_t stream, std::string_view payload) {
  return headers(stream, payload, flag::end_headers | flag::end_stream | flag::padded);
}

std::vector<Http2Case> data_frames() {
  const std::uint8_t last_padded = flag::end_stream | flag::padded;
  return {
      {"6.1 DATA on stream 0", data(0, "x"), connection_error(protocol_error)},
      {"6.1 DATA on an idle stream", data(1, "x"), connection_error(protocol_error)},
      {"6.1 DATA on a half-closed stream", waiting(1) + data(1, "x"), connection_error(stream_closed)},
      {"6.1 empty DATA", post(1) + data(1, "") + last_data(1, ""), answered(1, 200)},
      {"6.1 DATA with padding", post(1) + data(1, pad("hello", 9), last_padded), answered(1, 200)},
      {"6.1 DATA with the most padding", post(1) + data(1, pad("hello", 255), last_padded), answered(1, 200)},
      {"6.1 DATA with a pad length of 0", post(1) + data(1, pad("hello", 0), last_padded), answered(1, 200)},
      {"6.1 DATA of padding alone", post(1) + data(1, pad("", 9), last_padded), answered(1, 200)},
      {"6.1 padding as long as the payload", post(1) + data(1, "\x06hello"s, last_padded),
       connection_error(protocol_error)},
      {"6.1 padding longer than the payload", post(1) + data(1, "\xffhello"s, last_padded),
       connection_error(protocol_error)},
      {"6.1 the PADDED flag without a pad length", post(1) + data(1, "", last_padded),
       connection_error(protocol_error, frame_size_error)},
  };
}

std::vector<Http2Case> headers_frames() {
  const std::string request = pseudo("GET");
  const std::string depends = h2::number(0) + '\x0f';
  const std::uint8_t whole = flag::end_headers | flag::end_stream;
  const std::uint8_t with_priority = whole | flag::priority;
  return {
      {"6.2 HEADERS on stream 0", get(0), connection_error(protocol_error)},
      {"6.2 HEADERS with padding", padded_headers(1, pad(request, 7)), answered(1, 200)},
      {"6.2 HEADERS with priority", headers(1, depends + request, with_priority), answered(1, 200)},
      {"6.2 HEADERS with padding and priority",
       headers(1, pad(depends + request, 200), with_priority | flag::padded), answered(1, 200)},
      {"6.2 HEADERS that depends on an idle stream",
       headers(1, h2::number(9) + '\x0f' + request, with_priority), answered(1, 200)},
      {"6.2 HEADERS with an exclusive dependency",
       headers(1, h2::number(1U << 31) + '\xff' + request, with_priority), answered(1, 200)},
      {"6.2 padding longer than the payload", padded_headers(1, "\x04\x82\x86\x84"s),
       connection_error(protocol_error)},
      {"6.2 padding that leaves no room for the priority",
       headers(1, "\x04"s + depends + "\x82\x86\x84", with_priority | flag::padded),
       connection_error(protocol_error, compression_error)},
      {"6.2 the PADDED flag without a pad length", padded_headers(1, ""),
       connection_error(protocol_error, frame_size_error)},
      {"6.2 the PRIORITY flag without the fields", headers(1, depends.substr(1), with_priority),
       connection_error(protocol_error, frame_size_error)},
      {"6.2 HEADERS on a half-closed stream", waiting(1) + get(1), connection_error(stream_closed)},
  };
}

std::vector<Http2Case> priority_frames() {
  return {
      {"6.3 PRIORITY on an idle stream", priority(1), ignored()},
      {"6.3 PRIORITY on an open stream", post(1) + priority(1) + last_data(1, ""), answered(1, 200)},
      {"6.3 PRIORITY on a half-closed stream", get(1, "/wait?ms=20") + priority(1), answered(1, 200)},
      {"6.3 PRIORITY on a closed stream", get(1) + answered(1, 200) + priority(1), ignored()},
      {"6.3 PRIORITY leaves lower streams usable", priority(9) + get(1), answered(1, 200)},
      {"6.3 PRIORITY on an even stream", priority(2), ignored()},
      {"6.3 PRIORITY on stream 0", priority(0), connection_error(protocol_error)},
      {"6.3 PRIORITY of 4 bytes", post(1) + frame(2, 0, 1, "1234"), connection_error(frame_size_error)},
      {"6.3 PRIORITY of 6 bytes", post(1) + frame(2, 0, 1, "123456"), connection_error(frame_size_error)},
  };
}

std::vector<Http2Case> reset_frames() {
  return {
      {"6.4 RST_STREAM on stream 0", reset(0), connection_error(protocol_error)},
      {"6.4 RST_STREAM on an idle stream", reset(1), connection_error(protocol_error)},
      {"6.4 RST_STREAM of 3 bytes", post(1) + frame(h2::reset, 0, 1, "123"),
       connection_error(frame_size_error)},
      {"6.4 RST_STREAM of 5 bytes", post(1) + frame(h2::reset, 0, 1, "12345"),
       connection_error(frame_size_error)},
      {"6.4 RST_STREAM ends an open stream", post(1) + reset(1), ignored()},
      {"6.4 RST_STREAM ends a half-closed stream", waiting(1) + reset(1), ignored()},
      {"6.4 RST_STREAM on a closed stream", get(1) + answered(1, 200) + reset(1), ignored()},
      {"6.4 RST_STREAM is not answered with another", post(1) + reset(1) + reset(1), ignored()},
      {"7 RST_STREAM with an unknown code", waiting(1) + reset(1, Code{0xfeedbeef}), ignored()},
  };
}

std::vector<Http2Case> settings_frames() {
  const auto raw = [](std::string_view payload, std::uint32_t stream = 0, std::uint8_t flags = 0) {
    return frame(h2::settings, flags, stream, payload);
  };
  const auto two_acks = check([](Http2Conversation& conversation) {
    ASSERT_TRUE(conversation.ping());
    EXPECT_EQ(std::ranges::count_if(conversation.frames(),
                                    [](const Frame& one) {
                                      return one.type == h2::settings && one.flags == flag::ack &&
                                             one.payload.empty();
                                    }),
              2);
  });
  return {
      {"6.5 SETTINGS on stream 1", raw("", 1), connection_error(protocol_error)},
      {"6.5 SETTINGS on an open stream", post(1) + raw("", 1), connection_error(protocol_error)},
      {"6.5 SETTINGS of 5 bytes", raw("12345"), connection_error(frame_size_error)},
      {"6.5 SETTINGS of 7 bytes", raw(h2::setting(100, 1) + "x"), connection_error(frame_size_error)},
      {"6.5 SETTINGS with ACK and a payload", raw(h2::setting(3, 1), 0, flag::ack),
       connection_error(frame_size_error)},
      {"6.5.3 every SETTINGS frame is acknowledged", settings({{enable_push, 0}}), two_acks},
      {"6.5.3 the values of one frame hold in their order",
       with({{initial_window_size, 9}, {initial_window_size, 4}}) + get(1), receives(1, 4)},
      {"6.5.2 an unknown setting is ignored", settings({{Setting{0xff}, 0xffff'ffff}}), ignored()},
      {"6.5.2 the unused setting 0 is ignored", settings({{Setting{0}, 1}}), ignored()},
      {"6.5.2 ENABLE_PUSH of 0", settings({{enable_push, 0}}), ignored()},
      {"6.5.2 ENABLE_PUSH of 1", settings({{enable_push, 1}}), ignored()},
      {"6.5.2 ENABLE_PUSH of 2", settings({{enable_push, 2}}), connection_error(protocol_error)},
      {"6.5.2 ENABLE_PUSH of 2 in the first SETTINGS", with({{enable_push, 2}}),
       connection_error(protocol_error)},
      {"6.5.2 INITIAL_WINDOW_SIZE of 2^31-1", settings({{initial_window_size, largest_window}}), ignored()},
      {"6.5.2 INITIAL_WINDOW_SIZE of 2^31", settings({{initial_window_size, 1U << 31}}),
       connection_error(flow_control_error)},
      {"6.5.2 INITIAL_WINDOW_SIZE of 2^32-1", settings({{initial_window_size, 0xffff'ffff}}),
       connection_error(flow_control_error)},
      {"6.5.2 MAX_FRAME_SIZE of 2^14-1", settings({{max_frame_size, 16'383}}),
       connection_error(protocol_error)},
      {"6.5.2 MAX_FRAME_SIZE of 2^14", settings({{max_frame_size, 16'384}}), ignored()},
      {"6.5.2 MAX_FRAME_SIZE of 2^24-1", settings({{max_frame_size, (1U << 24) - 1}}), ignored()},
      {"6.5.2 MAX_FRAME_SIZE of 2^24", settings({{max_frame_size, 1U << 24}}),
       connection_error(protocol_error)},
      {"6.5.2 MAX_CONCURRENT_STREAMS of 0 limits pushes only", settings({{max_concurrent_streams, 0}}),
       ignored()},
      {"6.5.2 MAX_HEADER_LIST_SIZE is advice", settings({{max_header_list_size, 4096}}), ignored()},
  };
}

std::vector<Http2Case> push_promise_frames() {
  const std::string promise = h2::number(2) + pseudo("GET");
  return {
      {"6.6 PUSH_PROMISE on an open stream", post(1) + frame(5, flag::end_headers, 1, promise),
       connection_error(protocol_error)},
      {"6.6 PUSH_PROMISE on an idle stream", frame(5, flag::end_headers, 1, promise),
       connection_error(protocol_error)},
      {"6.6 PUSH_PROMISE on stream 0", frame(5, flag::end_headers, 0, promise),
       connection_error(protocol_error)},
  };
}

std::vector<Http2Case> ping_frames() {
  const auto echoed = [](std::string_view payload) {
    return sends(h2::ping, [payload](const Frame& one) {
      return one.flags == flag::ack && one.stream == 0 && one.payload == payload;
    });
  };
  const auto one_ping = check([](Http2Conversation& conversation) {
    ASSERT_TRUE(conversation.ping());
    EXPECT_EQ(std::ranges::count(conversation.frames(), h2::ping, &Frame::type), 1);
  });
  return {
      {"6.7 PING is answered with its payload", ping("\x00\xffpong\r\n"sv), echoed("\x00\xffpong\r\n"sv)},
      {"6.7 a PING with ACK is not answered", ping("12345678", flag::ack), one_ping},
      {"6.7 PING on stream 1", frame(h2::ping, 0, 1, "12345678"), connection_error(protocol_error)},
      {"6.7 PING of 7 bytes", ping("1234567"), connection_error(frame_size_error)},
      {"6.7 PING of 9 bytes", ping("123456789"), connection_error(frame_size_error)},
      {"6.7 PING without payload", ping(""), connection_error(frame_size_error)},
  };
}

std::vector<Http2Case> goaway_frames() {
  const auto last_stream = [](std::uint32_t stream) {
    return check([stream](Http2Conversation& conversation) {
      EXPECT_TRUE(conversation.closes());
      const Frame* last = conversation.last(h2::goaway);
      ASSERT_NE(last, nullptr);
      EXPECT_EQ(last->stream, 0U);
      EXPECT_EQ(number_at(last->payload, 0), stream);
    });
  };
  return {
      {"6.8 GOAWAY on stream 1", post(1) + frame(h2::goaway, 0, 1, h2::number(0) + h2::number(0)),
       connection_error(protocol_error)},
      {"6.8 GOAWAY of 7 bytes", frame(h2::goaway, 0, 0, "1234567"), connection_error(frame_size_error)},
      {"6.8 a request before GOAWAY is answered", get(1, "/wait?ms=20") + goaway(),
       completes(1, 200) + closed()},
      {"6.8 GOAWAY with debug data and an unknown code", get(1) + goaway(Code{77}, "see you"),
       completes(1, 200) + closed()},
      {"6.8 GOAWAY names the last stream", get(1) + get(7) + completes(7, 200) + data(0, ""), last_stream(7)},
      {"6.8 GOAWAY names no stream when none was opened", data(0, ""), last_stream(0)},

  };
}

std::vector<Http2Case> window_update_frames() {
  return {
      {"6.9 WINDOW_UPDATE of 0 on the connection", window_update(0, 0), connection_error(protocol_error)},
      {"6.9 WINDOW_UPDATE of 0 on a stream", post(1) + window_update(1, 0), connection_error(protocol_error)},
      {"6.9 WINDOW_UPDATE on an idle stream", window_update(1, 1), connection_error(protocol_error)},
      {"6.9 WINDOW_UPDATE on a half-closed stream", get(1, "/wait?ms=20") + window_update(1, 1),
       answered(1, 200)},
      {"6.9 WINDOW_UPDATE on a closed stream", get(1) + answered(1, 200) + window_update(1, 1), ignored()},
      {"6.9 WINDOW_UPDATE of 3 bytes", frame(h2::window, 0, 0, "123"), connection_error(frame_size_error)},
      {"6.9 WINDOW_UPDATE of 5 bytes", frame(h2::window, 0, 0, "12345"), connection_error(frame_size_error)},
      {"6.9 the reserved bit is ignored", window_update(0, 1U << 31 | 1), ignored()},
      {"6.9.1 a connection window of 2^31-1", window_update(0, largest_window - 65'535), ignored()},
      {"6.9.1 a connection window of 2^31", window_update(0, largest_window - 65'534),
       connection_error(flow_control_error)},
      {"6.9.1 a stream window of 2^31", post(1) + window_update(1, largest_window - 65'534),
       connection_error(flow_control_error)},
      {"6.9.2 a stream window of 2^31 through SETTINGS",
       post(1) + window_update(1, 1) + settings({{initial_window_size, largest_window}}),
       connection_error(flow_control_error)},
  };
}

std::vector<Http2Case> continuation_frames() {
  const std::string request = pseudo("GET");
  const std::string open = headers(1, request.substr(0, 9), flag::end_stream);
  const std::string rest = continuation(1, request.substr(9));
  return {
      {"6.10 a field block in two frames", open + rest, answered(1, 200)},
      {"6.10 a field block in three frames",
       open + continuation(1, request.substr(9, 1), 0) + continuation(1, request.substr(10)),
       answered(1, 200)},
      {"6.10 an empty HEADERS frame before CONTINUATION",
       headers(1, "", flag::end_stream) + continuation(1, request), answered(1, 200)},
      {"6.10 an empty CONTINUATION at the end", headers(1, request, flag::end_stream) + continuation(1, ""),
       answered(1, 200)},
      {"6.10 padding in HEADERS before CONTINUATION",
       headers(1, pad(request.substr(0, 9), 5), flag::end_stream | flag::padded) + rest, answered(1, 200)},
      {"6.10 undefined flags of CONTINUATION", open + continuation(1, request.substr(9), 0xff),
       answered(1, 200)},
      {"6.10 trailers in two frames",
       post(1) + data(1, "x") + headers(1, "", flag::end_stream) + continuation(1, field("x", "1")),
       answered(1, 200)},
      {"6.10 CONTINUATION on stream 0", continuation(0, request), connection_error(protocol_error)},
      {"6.10 CONTINUATION on an idle stream", continuation(1, request), connection_error(protocol_error)},
      {"6.10 CONTINUATION after END_HEADERS", post(1) + continuation(1, field("x", "1")),
       connection_error(protocol_error)},
      {"6.10 CONTINUATION after DATA", post(1) + data(1, "x") + continuation(1, ""),
       connection_error(protocol_error)},
      {"6.10 CONTINUATION of another stream", open + continuation(3, request.substr(9)),
       connection_error(protocol_error)},
      {"6.10 CONTINUATION on stream 0 within a field block", open + continuation(0, request.substr(9)),
       connection_error(protocol_error)},
      {"6.10 HEADERS within a field block", open + get(3), connection_error(protocol_error)},
      {"6.10 DATA within a field block", open + data(1, "x"), connection_error(protocol_error)},
      {"6.10 PRIORITY within a field block", open + priority(1), connection_error(protocol_error)},
      {"6.10 RST_STREAM within a field block", open + reset(1), connection_error(protocol_error)},
      {"6.10 SETTINGS within a field block", open + settings({}), connection_error(protocol_error)},
      {"6.10 PING within a field block", open + ping(), connection_error(protocol_error)},
      {"6.10 GOAWAY within a field block", open + goaway(), connection_error(protocol_error)},
      {"6.10 WINDOW_UPDATE within a field block", open + window_update(0, 1),
       connection_error(protocol_error)},
  };
}

class Frames : public Http2Conformance {};
TEST_P(Frames, Conform) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Data, Frames, testing::ValuesIn(data_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Headers, Frames, testing::ValuesIn(headers_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Priority, Frames, testing::ValuesIn(priority_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Reset, Frames, testing::ValuesIn(reset_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Settings, Frames, testing::ValuesIn(settings_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(PushPromise, Frames, testing::ValuesIn(push_promise_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Ping, Frames, testing::ValuesIn(ping_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Goaway, Frames, testing::ValuesIn(goaway_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(WindowUpdate, Frames, testing::ValuesIn(window_update_frames()), Frames::name);
INSTANTIATE_TEST_SUITE_P(Continuation, Frames, testing::ValuesIn(continuation_frames()), Frames::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
