// RFC 9218: extensible priorities. What the server sends first is seen by holding all responses back with the
// connection's window, and opening it at once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

constexpr std::uint32_t room = 65'536;  // four DATA frames

std::string update(std::uint32_t prioritized, std::string_view value, std::uint32_t stream = 0) {
  return frame(0x10, flag::none, stream, h2::number(prioritized).append(value));
}

// A request for a response without end, perhaps with a Priority field.
std::string rope(std::uint32_t stream, std::string_view value = {}) {
  return get(stream, "/rope", value.empty() ? std::string() : field("priority", value));
}

// Uses the connection's window up, so that whatever is asked for next waits.
Http2Steps hold() {
  return with({{initial_window_size, 1 << 20}}) + get(1, "/rope") + receives(1, 65'535) + reset(1);
}

// Once both have their header sections: lets some DATA out.
Http2Steps release(std::uint32_t a, std::uint32_t b) {
  return responds(a) + responds(b) + window_update(0, room);
}

// All of the room goes to `favoured`.
Http2Steps only(std::uint32_t favoured, std::uint32_t other) {
  return receives(favoured, room) + receives(other, 0);
}

// Both get some of it, in turns.
Http2Steps both(std::uint32_t a, std::uint32_t b) {
  return check([a, b](Http2Conversation& conversation) {
    const auto size = [&](std::uint32_t stream) { return conversation.response(stream).body.size(); };
    conversation.read_until([&] { return size(a) + size(b) >= room; });
    EXPECT_GT(size(a), room / 4) << "bytes of stream " << a;
    EXPECT_GT(size(b), room / 4) << "bytes of stream " << b;
  });
}

std::vector<Http2Case> frames() {
  const auto offered = check([](Http2Conversation& conversation) {
    ASSERT_TRUE(conversation.ping());
    const auto value =
        setting_in(conversation.frames().front().payload, static_cast<std::uint16_t>(no_rfc7540_priorities));
    EXPECT_EQ(value, 1U);
  });
  // The limit on streams holds once the client has acknowledged it.
  const std::string acknowledged = frame(h2::settings, flag::ack, 0);
  std::string idle_streams;
  for (std::uint32_t stream = 1; stream < 2 * 200; stream += 2) {
    idle_streams += update(stream, "u=1");
  }
  return {
      {"2.1 NO_RFC7540_PRIORITIES is 1 in the first SETTINGS", with({}), offered},
      {"2.1 the client's NO_RFC7540_PRIORITIES of 1", with({{no_rfc7540_priorities, 1}}), ignored()},
      {"2.1 the client's NO_RFC7540_PRIORITIES of 0", with({{no_rfc7540_priorities, 0}}), ignored()},
      {"2.1 the client's NO_RFC7540_PRIORITIES of 2", with({{no_rfc7540_priorities, 2}}),
       connection_error(protocol_error)},
      {"2.1 the client changes NO_RFC7540_PRIORITIES",
       with({{no_rfc7540_priorities, 1}}) + settings({{no_rfc7540_priorities, 0}}),
       connection_error(protocol_error)},
      {"7.1 PRIORITY_UPDATE for an idle stream", update(1, "u=1") + get(1), answered(1, 200)},
      {"7.1 PRIORITY_UPDATE for an open stream", post(1) + update(1, "u=1, i") + last_data(1, ""),
       answered(1, 200)},
      {"7.1 PRIORITY_UPDATE for a half-closed stream", get(1, "/wait?ms=20") + update(1, "u=1"),
       answered(1, 200)},
      {"7.1 PRIORITY_UPDATE for a closed stream", get(1) + completes(1, 200) + update(1, "u=1"), ignored()},
      {"7.1 PRIORITY_UPDATE again and again",
       post(1) + update(1, "u=1") + update(1, "u=7") + last_data(1, ""), answered(1, 200)},
      {"7.1 PRIORITY_UPDATE without a value", get(1, "/wait?ms=20") + update(1, ""), answered(1, 200)},
      {"7.1 undefined flags of PRIORITY_UPDATE", frame(0x10, 0xff, 0, h2::number(1) + "u=1"), ignored()},
      {"7.1 PRIORITY_UPDATE on a request's stream", post(1) + update(1, "u=1", 1),
       connection_error(protocol_error)},
      {"7.1 PRIORITY_UPDATE on an idle stream", update(1, "u=1", 1), connection_error(protocol_error)},
      {"7.1 PRIORITY_UPDATE for stream 0", update(0, "u=1"), connection_error(protocol_error)},
      {"7.1 PRIORITY_UPDATE for a push that never was", update(2, "u=1"), connection_error(protocol_error)},
      {"7.1 PRIORITY_UPDATE for more idle streams than there may be", settled() + acknowledged + idle_streams,
       connection_error(protocol_error)},
      {"7.1 PRIORITY_UPDATE of 3 bytes", frame(0x10, 0, 0, "123"), connection_error(frame_size_error)},
      {"7.1 PRIORITY_UPDATE within a field block",
       headers(1, pseudo("GET"), flag::end_stream) + update(1, "u=1"), connection_error(protocol_error)},
      {"4 a value that is no dictionary is ignored", get(1, "/wait?ms=20") + update(1, "=;,!"),
       answered(1, 200)},
      {"4.1 an urgency out of range is ignored", get(1, "/wait?ms=20") + update(1, "u=8"), answered(1, 200)},
      {"4.1 an urgency of another type is ignored", get(1, "/wait?ms=20") + update(1, "u=a, i=1"),
       answered(1, 200)},
      {"4 unknown parameters are ignored", get(1, "/wait?ms=20") + update(1, "u=1, x=\"y\";z"),
       answered(1, 200)},
      {"5 a malformed Priority field is ignored", get(1, "/hello", field("priority", "u=;;i=?")),
       answered(1, 200)},
      {"5 two Priority fields", get(1, "/hello", field("priority", "u=1") + field("priority", "i")),
       answered(1, 200)},
  };
}

std::vector<Http2Case> scheduling() {
  return {
      {"10 a more urgent response comes first", hold() + rope(3, "u=7") + rope(5, "u=0") + release(3, 5),
       only(5, 3)},
      {"10 one step of urgency is enough", hold() + rope(3, "u=4") + rope(5, "u=3") + release(3, 5),
       only(5, 3)},
      {"4.1 the default urgency is 3", hold() + rope(3) + rope(5, "u=2") + release(3, 5), only(5, 3)},
      {"4.1 less urgent than the default", hold() + rope(3, "u=4") + rope(5) + release(3, 5), only(5, 3)},
      {"4.1 an urgency out of range is the default", hold() + rope(3, "u=8") + rope(5, "u=2") + release(3, 5),
       only(5, 3)},
      {"10 equal urgency is served in the order of streams", hold() + rope(3) + rope(5) + release(3, 5),
       only(3, 5)},
      {"4.2 incremental responses share", hold() + rope(3, "i") + rope(5, "i") + release(3, 5), both(3, 5)},
      {"4.2 incremental as a boolean", hold() + rope(3, "u=2, i=?1") + rope(5, "u=2, i=?1") + release(3, 5),
       both(3, 5)},
      {"4.2 i=?0 is not incremental", hold() + rope(3, "i=?0") + rope(5, "i=?0") + release(3, 5), only(3, 5)},
      {"10 incremental responses yield to urgent ones",
       hold() + rope(3, "u=3, i") + rope(5, "u=1") + release(3, 5), only(5, 3)},
      {"10 the next urgency is served when the first is done",
       hold() + rope(3, "u=5") + get(5, "/hello", field("priority", "u=0")) + release(3, 5),
       completes(5, 200) + receives(3, room - 6)},
      {"10 a blocked stream leaves its turn to others",
       with({{initial_window_size, 10}}) + rope(1, "u=0") + receives(1, 10) +
           get(3, "/hello", field("priority", "u=7")),
       completes(3, 200)},
      {"7 PRIORITY_UPDATE reorders", hold() + rope(3) + rope(5) + update(5, "u=0") + release(3, 5),
       only(5, 3)},
      {"7 PRIORITY_UPDATE overrides the Priority field",
       hold() + rope(3, "u=0") + rope(5, "u=1") + update(3, "u=7") + release(3, 5), only(5, 3)},
      {"7 PRIORITY_UPDATE in the middle of a response",
       hold() + rope(3, "u=1") + rope(5, "u=2") + release(3, 5) + only(3, 5) + update(3, "u=6") +
           window_update(0, room),
       only(5, 3)},
      {"7 the last PRIORITY_UPDATE counts",
       hold() + rope(3) + rope(5) + update(5, "u=7") + update(5, "u=1") + release(3, 5), only(5, 3)},
      {"7 PRIORITY_UPDATE makes responses incremental",
       hold() + rope(3) + rope(5) + update(3, "i") + update(5, "i") + release(3, 5), both(3, 5)},
      {"7 a parameter that PRIORITY_UPDATE leaves out has its default",
       hold() + rope(3, "u=1") + rope(5, "u=2") + update(3, "i") + release(3, 5), only(5, 3)},
      {"7 PRIORITY_UPDATE before its request", hold() + rope(3) + update(5, "u=0") + rope(5) + release(3, 5),
       only(5, 3)},
      {"2.1 the priorities of RFC 7540 have no effect",
       with({{initial_window_size, 1 << 20}, {no_rfc7540_priorities, 1}}) + get(1, "/rope") +
           receives(1, 65'535) + reset(1) + rope(3) + rope(5) + priority(3, 5) + release(3, 5),
       only(3, 5)},
  };
}

class Priorities : public Http2Conformance {};
TEST_P(Priorities, Conform) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Frames, Priorities, testing::ValuesIn(frames()), Priorities::name);
INSTANTIATE_TEST_SUITE_P(Scheduling, Priorities, testing::ValuesIn(scheduling()), Priorities::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
