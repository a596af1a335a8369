// RFC 9113 5.2 and 6.9: flow control, both ways, and the size of frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

const std::string rope = get(1, "/rope");  // never ends
constexpr std::uint32_t wide = 1 << 20;    // a stream's window that doesn't matter

Http2Steps frames_up_to(std::size_t size) {
  return check([size](Http2Conversation& conversation) {
    const std::vector<std::size_t>& sizes = conversation.response(1).data_sizes;
    ASSERT_FALSE(sizes.empty());
    EXPECT_LE(std::ranges::max(sizes), size);
  });
}

std::vector<Http2Case> sending() {
  const auto window = [](std::uint32_t size) { return with({{initial_window_size, size}}); };
  const auto new_window = [](std::uint32_t size) { return settings({{initial_window_size, size}}); };
  return {
      {"6.9.2 the windows begin with 65535 bytes", rope, receives(1, 65'535)},
      {"6.9.2 INITIAL_WINDOW_SIZE of 0", window(0) + rope, receives(1, 0)},
      {"6.9.2 INITIAL_WINDOW_SIZE of 1", window(1) + rope, receives(1, 1)},
      {"6.9.2 INITIAL_WINDOW_SIZE of 10", window(10) + rope, receives(1, 10)},
      {"6.9.2 INITIAL_WINDOW_SIZE does not widen the connection", window(wide) + rope, receives(1, 65'535)},
      {"6.9 a stream's WINDOW_UPDATE", window(10) + rope + receives(1, 10) + window_update(1, 7),
       receives(1, 7)},
      {"6.9 several WINDOW_UPDATEs add up",
       window(0) + rope + responds(1) + window_update(1, 3) + window_update(1, 4), receives(1, 7)},
      {"6.9 a WINDOW_UPDATE right behind the request", window(2) + rope + window_update(1, 3),
       receives(1, 5)},
      {"6.9 the connection's WINDOW_UPDATE", window(wide) + rope + receives(1, 65'535) + window_update(0, 9),
       receives(1, 9)},
      {"6.9 a stream's WINDOW_UPDATE does not widen the connection",
       rope + receives(1, 65'535) + window_update(1, 9), receives(1, 0)},
      {"6.9 the connection's WINDOW_UPDATE does not widen a stream",
       rope + receives(1, 65'535) + window_update(0, 9), receives(1, 0)},
      {"6.9.1 streams share the connection's window",
       window(40'000) + rope + receives(1, 40'000) + get(3, "/rope"), receives(3, 25'535)},
      {"6.9.1 a blocked stream does not block others", window(6) + rope + receives(1, 6) + get(3),
       answered(3, 200)},
      {"6.9.1 an empty response needs no window", window(0) + get(1, "/status?204"), completes(1, 204)},
      {"6.9.1 HEAD needs no window", window(0) + headers(1, pseudo("HEAD")), completes_head(1, 200)},
      {"6.9.1 fields are not flow-controlled", rope + receives(1, 65'535) + get(3) + responds(3),
       receives(3, 0)},
      {"6.9.2 SETTINGS widen an open stream's window", window(10) + rope + receives(1, 10) + new_window(15),
       receives(1, 5)},
      {"6.9.2 SETTINGS open a window of 0", window(0) + rope + responds(1) + new_window(15), receives(1, 15)},
      {"6.9.2 SETTINGS narrow a used window", window(10) + rope + receives(1, 10) + new_window(5),
       receives(1, 0)},
      {"6.9.2 a negative window is filled first",
       window(10) + rope + receives(1, 10) + new_window(5) + window_update(1, 5), receives(1, 0)},
      {"6.9.2 a negative window that becomes positive",
       window(10) + rope + receives(1, 10) + new_window(5) + window_update(1, 8), receives(1, 3)},
      {"6.9.2 a window negative and widened by SETTINGS",
       window(10) + rope + receives(1, 10) + new_window(0) + new_window(12), receives(1, 2)},
      {"6.9.2 SETTINGS without the window leave it", window(10) + rope + receives(1, 10) + settings({}),
       receives(1, 0)},
      {"6.9.2 new streams begin with the newest size",
       window(10) + settings({{initial_window_size, 3}}) + rope, receives(1, 3)},
      {"4.2 DATA frames of at most 16384 bytes", rope, receives(1, 65'535) + frames_up_to(16'384)},
      {"4.2 DATA frames of at most MAX_FRAME_SIZE", with({{max_frame_size, 20'000}}) + rope,
       receives(1, 65'535) + frames_up_to(20'000)},
      {"5.1 no DATA after the client's RST_STREAM",
       window(10) + rope + receives(1, 10) + reset(1) + window_update(0, 100), receives(1, 0)},
      {"5.1 a reset stream gives up the connection's window",
       rope + receives(1, 65'535) + reset(1) + window_update(0, 6) + get(3), completes(3, 200)},
  };
}

// The server's WINDOW_UPDATEs for that stream give back at least so many bytes.
Http2Steps returns(std::uint32_t stream, std::size_t bytes) {
  return check([stream, bytes](Http2Conversation& conversation) {
    const auto returned = [&] {
      const auto& frames = conversation.frames();
      return std::accumulate(frames.begin(), frames.end(), std::size_t{0},
                             [stream](std::size_t sum, const Frame& one) {
                               const bool counts = one.type == h2::window && one.stream == stream;
                               return sum + (counts ? number_at(one.payload, 0) : 0);
                             });
    };
    EXPECT_TRUE(conversation.read_until([&] { return returned() >= bytes; }))
        << returned() << " bytes came back";
  });
}

std::vector<Http2Case> receiving() {
  const std::string block(16'384, 'x');
  const std::string padding = std::string("\xff").append(255, '\0');
  const std::string three_blocks = data(1, block) + data(1, block) + data(1, block);
  std::string padded_frames;
  for (int i = 0; i < 200; ++i) {
    padded_frames += data(1, padding, flag::padded);
  }
  return {
      {"6.9 the stream's window is given back", post(1) + three_blocks, returns(1, 32'768)},
      {"6.9 the connection's window is given back", post(1) + three_blocks, returns(0, 32'768)},
      {"6.9.1 padding is given back to the connection", post(1) + padded_frames, returns(0, 32'768)},
      {"6.9.1 padding is given back to the stream", post(1) + padded_frames, returns(1, 32'768)},
      {"6.9 DATA of a stream that the server reset is given back",
       post(1, field("Upper", "x")) + stream_error(1, protocol_error) + three_blocks, returns(0, 32'768)},
      {"6.9 DATA of a stream that was answered already is given back",
       post(1, field("host", "other")) + completes(1, 400) + three_blocks, returns(0, 32'768)},
      {"6.9 a window's worth of DATA is taken",
       post(1) + three_blocks + data(1, block.substr(1)) + trailers(1), answered(1, 200)},
      {"6.9 empty DATA takes no window", post(1) + three_blocks + data(1, "") + last_data(1, ""),
       answered(1, 200)},
  };
}

class FlowControl : public Http2Conformance {};
TEST_P(FlowControl, Conforms) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Sending, FlowControl, testing::ValuesIn(sending()), FlowControl::name);
INSTANTIATE_TEST_SUITE_P(Receiving, FlowControl, testing::ValuesIn(receiving()), FlowControl::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
