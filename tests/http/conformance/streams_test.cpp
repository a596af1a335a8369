// RFC 9113 5.1 and 5.4: the states of a stream, stream ids, and how many there may be.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

// So many requests that stay unanswered, on the first odd streams.
std::string many_waiting(std::uint32_t count) {
  std::string bytes;
  for (std::uint32_t stream = 1; stream < 2 * count; stream += 2) {
    bytes += waiting(stream);
  }
  return bytes;
}

std::vector<Http2Case> stream_ids() {
  return {
      {"5.1.1 streams in rising order", get(1) + get(3) + get(9), answered(9, 200)},
      {"5.1.1 the first stream need not be 1", get(77), answered(77, 200)},
      {"5.1.1 an even stream id", get(2), connection_error(protocol_error)},
      {"5.1.1 a stream id lower than an earlier one", get(5) + completes(5, 200) + get(3),
       connection_error(protocol_error)},
      {"5.1.1 a lower stream id while the earlier is open", post(5) + get(3),
       connection_error(protocol_error)},
      {"5.1.1 a stream id is used once", get(1) + completes(1, 200) + get(1), usable()},
      {"5.1.1 a skipped stream is closed", get(5) + completes(5, 200) + data(3, "x"), usable()},
  };
}

std::vector<Http2Case> stream_states() {
  const auto is_no_error = [](const Frame& one) { return one.stream == 1 && number_at(one.payload, 0) == 0; };
  const Http2Steps reset_by_server = post(1, field("Upper", "x")) + stream_error(1, protocol_error);
  return {
      {"5.1 DATA and trailers on an open stream", post(1) + data(1, "x") + trailers(1), answered(1, 200)},
      {"5.1 DATA after END_STREAM", waiting(1) + data(1, "x"), connection_error(stream_closed)},
      {"5.1 DATA after END_STREAM of DATA", post(1) + last_data(1, "x") + data(1, "x"),
       connection_error(stream_closed)},
      {"5.1 HEADERS after END_STREAM", waiting(1) + trailers(1), connection_error(stream_closed)},
      {"5.1 WINDOW_UPDATE, PRIORITY and RST_STREAM after END_STREAM",
       waiting(1) + window_update(1, 1) + priority(1) + reset(1), ignored()},
      {"5.1 frames in flight to a stream that the server reset",
       reset_by_server + data(1, "x") + window_update(1, 1) + reset(1), usable()},
      {"5.1 trailers in flight to a stream that the server reset", reset_by_server + trailers(1), usable()},
      {"5.1 no answer on a stream that the client reset", get(1, "/wait?ms=5") + reset(1) + settled(),
       ignored()},
      {"5.4.2 an error on one stream leaves others alone",
       post(1) + get(3, "/hello", field("Upper", "x")) + last_data(1, ""), answered(1, 200)},
      {"8.1 an answer before the end of the request is followed by RST_STREAM with NO_ERROR",
       post(1, field("host", "other")), completes(1, 400) + sends(h2::reset, is_no_error)},
  };
}

std::vector<Http2Case> concurrency() {
  const auto refused = check([](Http2Conversation& conversation) {
    const Http2Response& response = conversation.response(257);
    conversation.read_until([&response] { return response.reset.has_value(); });
    EXPECT_TRUE(response.reset == static_cast<std::uint32_t>(refused_stream) ||
                response.reset == static_cast<std::uint32_t>(protocol_error));
    EXPECT_TRUE(conversation.ping());
  });
  return {
      {"5.1.2 as many streams as the server allows", many_waiting(127), ignored()},
      {"5.1.2 one stream more than the server allows", many_waiting(128) + get(257), refused},
      {"5.1.2 idle and closed streams don't count", priority(1'000) + many_waiting(127) + reset(1) + get(301),
       answered(301, 200)},
  };
}

class Streams : public Http2Conformance {};
TEST_P(Streams, Conform) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Ids, Streams, testing::ValuesIn(stream_ids()), Streams::name);
INSTANTIATE_TEST_SUITE_P(States, Streams, testing::ValuesIn(stream_states()), Streams::name);
INSTANTIATE_TEST_SUITE_P(Concurrency, Streams, testing::ValuesIn(concurrency()), Streams::name);

// Its own server, because it stops it.
TEST(StreamsOfAStoppingServer, AreFinishedBehindGoaway) {
  TestServer server;
  std::jthread stopping;
  Http2Conversation conversation(server.port());
  conversation.send(get(1, "/wait?ms=50"));
  ASSERT_TRUE(conversation.ping());
  stopping = std::jthread([&server] { server.server().stop(); });
  EXPECT_TRUE(conversation.closes());
  EXPECT_EQ(conversation.response(1).body, "waited");
  const Frame* last = conversation.last(h2::goaway);
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(number_at(last->payload, 0), 1U);
  EXPECT_EQ(number_at(last->payload, 4), static_cast<std::uint32_t>(no_error));
}

}  // namespace
}  // namespace wheelbarrow::http::conformance
