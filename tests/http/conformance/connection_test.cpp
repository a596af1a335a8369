// RFC 9113 3 and 4: the preface, the first SETTINGS, and what is true of every frame.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

const std::string magic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string too_long(16'385, 'x');  // one more than SETTINGS_MAX_FRAME_SIZE's initial value

// A check of the server's first SETTINGS frame.
Http2Steps first_settings(const std::function<bool(const std::string& payload)>& is_right) {
  return check([is_right](Http2Conversation& conversation) {
    ASSERT_TRUE(conversation.ping());
    ASSERT_EQ(conversation.frames().front().type, h2::settings);
    EXPECT_TRUE(is_right(conversation.frames().front().payload));
  });
}

bool offers(const std::string& payload, Setting id) {
  return setting_in(payload, static_cast<std::uint16_t>(id)).has_value();
}

std::vector<Http2Case> prefaces() {
  const auto sent_settings = [](const Frame& one) { return one.stream == 0 && one.flags == 0; };
  const auto acknowledged = [](const Frame& one) { return one.flags == flag::ack && one.payload.empty(); };
  return {
      {"3.4 the server's preface is a SETTINGS frame", with({}), sends(h2::settings, sent_settings)},
      {"3.4 the client's SETTINGS are acknowledged", with({}), sends(h2::settings, acknowledged)},
      {"3.4 requests may follow the preface at once", start(h2::preface() + get(1)), answered(1, 200)},
      {"3.4 the preface in two pieces", start(magic.substr(0, 10)) + magic.substr(10) + settings({}),
       ignored()},
      {"3.4 a magic with one wrong byte", start("PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n"s + settings({})),
       closed()},
      {"3.4 HTTP/1.1 after the magic", start(magic + "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), closed()},
      {"3.4 no SETTINGS after the magic", start(magic + get(1)), connection_error(protocol_error)},
      {"3.4 PING before SETTINGS", start(magic + ping()), connection_error(protocol_error)},
      {"3.4 SETTINGS with ACK instead of the first", start(magic + frame(h2::settings, flag::ack, 0)),
       closed()},
      {"3.4 the magic twice", start(magic + magic), closed()},
      {"6.5.2 the server does not set ENABLE_PUSH to 1", with({}),
       first_settings([](const std::string& payload) {
         return setting_in(payload, static_cast<std::uint16_t>(enable_push)).value_or(0) == 0;
       })},
      {"6.5.2 the server's MAX_FRAME_SIZE is valid", with({}), first_settings([](const std::string& payload) {
         const auto size = setting_in(payload, static_cast<std::uint16_t>(max_frame_size)).value_or(16'384);
         return size >= 16'384 && size < 1U << 24;
       })},
      {"6.5.2 the server's INITIAL_WINDOW_SIZE is valid", with({}),
       first_settings([](const std::string& payload) {
         return setting_in(payload, static_cast<std::uint16_t>(initial_window_size)).value_or(65'535) <
                1U << 31;
       })},
      {"5.1.2 the server limits concurrent streams", with({}),
       first_settings([](const std::string& payload) { return offers(payload, max_concurrent_streams); })},
      {"RFC 8441 3 extended CONNECT is not offered", with({}),
       first_settings([](const std::string& payload) { return !offers(payload, enable_connect_protocol); })},
  };
}

std::vector<Http2Case> all_frames() {
  const std::string reserved = "\x80\0\0\0"s;
  return {
      {"4.1 an undefined flag of PING is ignored", ping("12345678", 0xfe), ignored()},
      {"4.1 undefined flags of HEADERS are ignored", headers(1, pseudo("GET"), 0xd7), answered(1, 200)},
      {"4.1 undefined flags of DATA are ignored", post(1) + data(1, "x", 0xf7), answered(1, 200)},
      {"4.1 an undefined flag of SETTINGS is ignored", frame(h2::settings, 0xfe, 0), ignored()},
      {"4.1 the reserved bit before a stream id is ignored", frame(h2::ping, 0, 1U << 31, "12345678"),
       ignored()},
      {"4.1 the reserved bit of a request's stream id", headers(1U << 31 | 1, pseudo("GET")),
       answered(1, 200)},
      {"4.1 an unknown type on stream 0 is ignored", frame(0x20, 0, 0, "abc"), ignored()},
      {"4.1 an unknown type without payload is ignored", frame(0xff, 0xff, 0), ignored()},
      {"5.5 an unknown type on an idle stream is ignored", frame(0x20, 0, 1, "abc"), ignored()},
      {"5.5 an unknown type on an open stream is ignored",
       post(1) + frame(0x20, 0xff, 1, "a") + last_data(1, ""), answered(1, 200)},
      {"5.5 an unknown type on a closed stream is ignored",
       get(1) + answered(1, 200) + frame(0x20, 0, 1, "a"), ignored()},
      {"5.5 an unknown type of the largest size is ignored", frame(0x20, 0, 0, too_long.substr(1)),
       ignored()},
      {"5.5 an unknown type within a field block",
       headers(1, pseudo("GET"), flag::end_stream) + frame(0x20, 0, 1, "a") + continuation(1, ""),
       connection_error(protocol_error)},
      {"4.2 the largest HEADERS frame is taken",
       headers(1, pseudo("GET") + field("x", std::string(16'384 - pseudo("GET").size() - 6, 'x'))),
       answered(1, 200)},
      {"4.2 the largest DATA frame is taken", post(1) + last_data(1, too_long.substr(1)), answered(1, 200)},
      {"4.2 a DATA frame too large", post(1) + data(1, too_long), connection_error(frame_size_error)},
      {"4.2 a HEADERS frame too large", headers(1, pseudo("GET") + too_long),
       connection_error(frame_size_error)},
      {"4.2 a CONTINUATION frame too large",
       headers(1, pseudo("GET"), flag::end_stream) + continuation(1, field("x", std::string(16'385, 'x'))),
       connection_error(frame_size_error)},
      {"4.2 a SETTINGS frame too large", frame(h2::settings, 0, 0, std::string(16'386, '\x7f')),
       connection_error(frame_size_error)},
      {"4.2 a GOAWAY frame too large", goaway(no_error, too_long), connection_error(frame_size_error)},
      {"4.2 a PRIORITY frame too large", frame(2, 0, 1, too_long), connection_error(frame_size_error)},
      {"4.2 an unknown frame too large", frame(0x20, 0, 0, too_long), connection_error(frame_size_error)},
  };
}

class Connections : public Http2Conformance {};
TEST_P(Connections, Conform) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Prefaces, Connections, testing::ValuesIn(prefaces()), Connections::name);
INSTANTIATE_TEST_SUITE_P(AllFrames, Connections, testing::ValuesIn(all_frames()), Connections::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
