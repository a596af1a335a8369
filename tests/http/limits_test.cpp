// What a client may not do too often: frames that cost the server more than they cost the client. Each flood
// is sent twice: just below its limit, which does no harm, and beyond it, which ends that connection with
// ENHANCE_YOUR_CALM and a line in the log, while another client is served as before.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "http/bystander.hpp"
#include "http/http2_client.hpp"
#include "http/log_lines.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t max_resets = 40;
constexpr std::uint32_t max_control_frames = 60;
// Of either; the client's SETTINGS count too.
constexpr std::uint32_t margin = 5;

// A stream that stays open for the length of a test, and others that don't end their requests.
constexpr std::uint32_t open_stream = 1;
const std::string waiting = request(open_stream, h2::get("/wait?ms=3000"));
const std::string sending = h2::frame(h2::headers, h2::end_headers, open_stream, h2::get("/hello"));

struct Flood {
  const char* name;
  std::string opening;                              // sent once before it
  std::function<std::string(std::uint32_t)> frame;  // the n-th, from 0
  std::uint32_t limit;
  const char* reason;  // in the log
};

void PrintTo(const Flood& flood, std::ostream* out) {
  *out << flood.name;
}

// The n-th stream that a flood opens.
std::uint32_t stream(std::uint32_t n) {
  return open_stream + 2 + 2 * n;
}

std::vector<Flood> floods() {
  const auto resets = [](const char* name, std::function<std::string(std::uint32_t)> frame) {
    return Flood{name, waiting, std::move(frame), max_resets, "too many streams were reset"};
  };
  const auto control = [](const char* name, const std::string& opening, const std::string& frame) {
    return Flood{name, opening, [frame](std::uint32_t) { return frame; }, max_control_frames,
                 "too many control frames"};
  };
  // A request that the server must reset (RFC 9113 8.1.1).
  const auto malformed = [resets](const char* name, const std::string& fields) {
    return resets(name, [fields](std::uint32_t n) { return request(stream(n), fields); });
  };
  const std::string get = h2::get("/hello");
  const std::string priority(5, '\0');
  const std::string padding = std::string(1, '\xff') + std::string(255, '\0');
  return {
      // CVE-2023-44487.
      resets("RapidReset",
             [](std::uint32_t n) {
               return request(stream(n), h2::get("/wait?ms=100")) +
                      h2::frame(h2::reset, 0, stream(n), h2::number(8));
             }),
      resets("RapidResetOfReadyAnswers",
             [get](std::uint32_t n) {
               return request(stream(n), get) + h2::frame(h2::reset, 0, stream(n), h2::number(8));
             }),
      // CVE-2025-8671: the client breaks the rules so that the server resets.
      resets("LongerThanItsContentLength",
             [get](std::uint32_t n) {
               return h2::frame(h2::headers, h2::end_headers, stream(n),
                                get + h2::field("content-length", "3")) +
                      h2::frame(h2::data, h2::end_stream, stream(n), "abcd");
             }),
      resets("ShorterThanItsContentLength",
             [get](std::uint32_t n) {
               return h2::frame(h2::headers, h2::end_headers, stream(n),
                                get + h2::field("content-length", "3")) +
                      h2::frame(h2::data, h2::end_stream, stream(n), "ab");
             }),
      malformed("UpperCaseFields", get + h2::field("X-Upper", "case")),
      malformed("ConnectionFields", get + h2::field("connection", "keep-alive")),
      malformed("MissingPseudoFields", h2::field(":method", "GET")),
      malformed("UnknownPseudoFields", get + h2::field(":unknown", "x")),
      malformed("LateFields", h2::field("x", "y") + get),
      malformed("ControlCharacters", get + h2::field("x", std::string("a\nb"))),
      control("Pings", "", h2::frame(h2::ping, 0, 0, "12345678")),
      control("PingAcknowledgements", "", h2::frame(h2::ping, h2::ack, 0, "12345678")),
      control("Settings", "", h2::frame(h2::settings, 0, 0)),
      control("SettingsThatChangeWindows", waiting,
              h2::frame(h2::settings, 0, 0, h2::setting(h2::initial_window_size, 1000))),
      control("Priorities", "", h2::frame(h2::priority, 0, 3, priority)),
      control("PriorityUpdates", waiting,
              h2::frame(h2::priority_update, 0, 0, h2::number(open_stream) + "u=1")),
      control("EmptyData", sending, h2::frame(h2::data, 0, open_stream)),
      control("DataOfPaddingAlone", sending,
              h2::frame(h2::data, h2::padded, open_stream, std::string(1, '\0'))),
      control("DataOfMuchPaddingAlone", sending, h2::frame(h2::data, h2::padded, open_stream, padding)),
      control("UnknownFrames", "", h2::frame(0x77, 0, 0, "abc")),
      control("UnknownFramesOfAStream", waiting, h2::frame(0x77, 0, open_stream)),
      control("GoAways", waiting, h2::frame(h2::goaway, 0, 0, h2::number(0) + h2::number(0))),
      control("WindowsOpenedByNothingSent", "", h2::frame(h2::window, 0, 0, h2::number(1))),
      // Each lets one byte out.
      control("WindowsOpenedByOneByte", request(open_stream, h2::get("/rope")),
              h2::frame(h2::window, 0, open_stream, h2::number(1))),
  };
}

class Floods : public testing::TestWithParam<Flood> {
 protected:
  Limits limits() const {
    Limits limits;
    limits.max_resets = max_resets;
    limits.max_control_frames = max_control_frames;
    return limits;
  }

  static std::string sent(std::uint32_t times) {
    std::string bytes = h2::preface(h2::setting(h2::initial_window_size, 64)) + GetParam().opening;
    for (std::uint32_t n = 0; n < times; ++n) {
      bytes += GetParam().frame(n);
    }
    return bytes;
  }

  LogLines log_;
  TestServer server_{{.limits = limits()}};
};

TEST_P(Floods, EndTheConnectionThatSendsThem) {
  Bystander other(server_.port());
  RawClient client(server_.port());
  client.send(sent(GetParam().limit + margin));
  FrameReader reader(client);
  const Frame goaway = reader.next(h2::goaway);
  EXPECT_EQ(error_code(goaway), h2::enhance_your_calm);
  EXPECT_TRUE(client.closed_within(5s));
  EXPECT_TRUE(
      log_.say("warning connection ended  reason=" + std::string(GetParam().reason) + " peer=127.0.0.1:"))
      << log_.text();
  EXPECT_EQ(other.finish(), "");
}

TEST_P(Floods, DoNoHarmBelowTheLimit) {
  RawClient client(server_.port());
  client.send(sent(GetParam().limit - margin));
  constexpr std::uint32_t later = 1001;
  client.send(request(later, h2::get("/hello")));
  FrameReader reader(client);
  EXPECT_EQ(body_of(reader, later), "hello\n");
  EXPECT_TRUE(log_.all().empty()) << log_.text();
}

INSTANTIATE_TEST_SUITE_P(Limits, Floods, testing::ValuesIn(floods()),
                         [](const testing::TestParamInfo<Flood>& of) { return std::string(of.param.name); });

// What the RFC makes an error of the whole connection needs no counting.
TEST(Limits, EndAConnectionAtOnceThatBreaksItsRules) {
  struct Case {
    const char* what;
    std::string frames;
    std::uint32_t code;
  };
  std::string many;
  for (std::uint16_t i = 0; i < 100; ++i) {
    many += h2::setting(static_cast<std::uint16_t>(100 + i), 1);
  }
  const std::vector<Case> cases = {
      {"an increment of 0", waiting + h2::frame(h2::window, 0, open_stream, h2::number(0)),
       h2::protocol_error},
      {"DATA after the end of a request", waiting + h2::frame(h2::data, 0, open_stream, "x"),
       h2::stream_closed},
      {"a request after the end of a request", waiting + waiting, h2::stream_closed},
      {"100 settings in a frame", h2::frame(h2::settings, 0, 0, many), h2::enhance_your_calm},
  };
  for (const Case& item : cases) {
    TestServer server;
    RawClient client(server.port());
    client.send(h2::preface() + item.frames);
    FrameReader reader(client);
    EXPECT_EQ(error_code(reader.next(h2::goaway)), item.code) << item.what;
    EXPECT_TRUE(client.closed_within(5s)) << item.what;
  }
}

// A header section in so many frames, the last of which ends it or not.
std::string header_section(std::uint32_t continuations, bool ends) {
  std::string frames = h2::frame(h2::headers, h2::end_stream, 1, h2::get("/hello"));
  for (std::uint32_t i = 0; i < continuations; ++i) {
    const bool last = i + 1 == continuations;
    frames += h2::frame(h2::continuation, last && ends ? h2::end_headers : 0, 1, h2::field("x", "y"));
  }
  return frames;
}

// CVE-2024-27316 and its like.
TEST(Limits, EndAConnectionWhoseHeaderSectionGoesOn) {
  Limits limits;
  limits.max_continuations = 4;
  LogLines log;
  TestServer server({.limits = limits});
  Bystander other(server.port());
  for (const bool ends : {false, true}) {
    RawClient client(server.port());
    client.send(h2::preface() + header_section(limits.max_continuations + 1, ends));
    FrameReader reader(client);
    EXPECT_EQ(error_code(reader.next(h2::goaway)), h2::enhance_your_calm) << ends;
    EXPECT_TRUE(client.closed_within(5s)) << ends;
  }
  EXPECT_TRUE(log.say("warning connection ended  reason=")) << log.text();
  EXPECT_EQ(other.finish(), "");

  RawClient client(server.port());
  client.send(h2::preface() + header_section(limits.max_continuations, true));
  FrameReader reader(client);
  EXPECT_EQ(body_of(reader, 1), "hello\n");
}

// The answers to its own PINGs fill the socket of a client that doesn't read, and then queue up.
TEST(Limits, EndAConnectionThatNeverReadsTheAnswersToItsPings) {
  Limits limits;
  limits.max_control_frames = 100'000'000;
  LogLines log;
  TestServer server({.limits = limits});
  Bystander other(server.port());
  RawClient client(server.port(), 4096);
  client.send(h2::preface());
  std::string pings;
  for (int i = 0; i < 1000; ++i) {
    pings += h2::frame(h2::ping, 0, 0, "12345678");
  }
  bool open = true;
  for (int i = 0; i < 2000 && open && !log.say("connection ended", 0ms); ++i) {
    open = client.send(pings);
  }
  EXPECT_TRUE(log.say("warning connection ended  reason=")) << log.text();
  FrameReader reader(client);
  EXPECT_EQ(error_code(reader.next(h2::goaway)), h2::enhance_your_calm);
  EXPECT_TRUE(client.closed_within(5s));
  EXPECT_EQ(other.finish(), "");
}

// One WINDOW_UPDATE for the stream and one for the connection with every DATA frame, as many clients do it.
TEST(Limits, DoNotHarmALongDownloadThroughSmallWindows) {
  Limits limits;
  limits.max_control_frames = max_control_frames;
  LogLines log;
  TestServer server({.limits = limits});
  RawClient client(server.port());
  client.send(h2::preface() + request(1, h2::get("/rope")));
  FrameReader reader(client);
  std::size_t received = 0;
  Frame frame;
  do {
    frame = reader.next(h2::data);
    received += frame.payload.size();
    const std::string increment = h2::number(static_cast<std::uint32_t>(frame.payload.size()));
    if (increment != h2::number(0))
      client.send(h2::frame(h2::window, 0, 0, increment) + h2::frame(h2::window, 0, 1, increment));
  } while (frame.type == h2::data && (frame.flags & h2::end_stream) == 0);
  EXPECT_EQ(received, TestServer::rope_size());
  client.send(request(3, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 3), "hello\n");
  EXPECT_TRUE(log.all().empty()) << log.text();
}

}  // namespace
}  // namespace wheelbarrow::http
