// How long a client may keep a connection waiting. Every deadline here is one second.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "http/bystander.hpp"
#include "http/http2_client.hpp"
#include "http/log_lines.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Limits impatient() {
  Limits limits;
  limits.handshake_timeout = 1s;
  limits.header_timeout = 1s;
  limits.idle_timeout = 1s;
  limits.write_timeout = 1s;
  return limits;
}

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_rope = "GET /rope HTTP/1.1\r\nHost: h\r\n\r\n";
// The first half of a TLS 1.2 record with the beginning of a ClientHello (RFC 8446 4.1.2).
const std::string half_client_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);

struct Case {
  const char* name;
  bool tls;
  std::string sent;
  std::string dripped;   // sent byte by byte after it
  std::uint32_t goaway;  // the code; UINT32_MAX where the connection is only closed
  const char* log;       // what is logged; empty where nothing is worth a line
};

constexpr std::uint32_t none = UINT32_MAX;

std::vector<Case> cases() {
  const std::string preface = h2::preface();
  const std::string half_section = h2::frame(h2::headers, h2::end_stream, 1, h2::get("/hello"));
  const std::string drip(1000, 'a');
  // Windows that are no limit.
  const std::string wide = h2::preface(h2::setting(h2::initial_window_size, 0x7fffffff)) +
                           h2::frame(h2::window, 0, 0, h2::number(0x7fff0000));
  return {
      {"SilenceInsteadOfTls", true, "", "", none, "info connection ended  reason="},
      {"HalfATlsHandshake", true, half_client_hello, "", none, "info connection ended  reason="},
      {"ADrippingTlsHandshake", true, half_client_hello, drip, none, "info connection ended  reason="},
      {"Silence", false, "", "", none, "info connection ended  reason="},
      {"HalfThePreface", false, preface.substr(0, 10), "", none, "info connection ended  reason="},
      {"ThePrefaceWithoutSettings", false, preface.substr(0, 24), "", none, "info connection ended  reason="},
      {"HalfARequestLine", false, "GET /hel", "", none, "info connection ended  reason="},
      {"ADrippingTarget", false, "GET /hello?", drip, none, "info connection ended  reason="},
      {"HalfAHead", false, get_hello.substr(0, get_hello.size() - 2), "", none,
       "info connection ended  reason="},
      {"ADrippingField", false, get_hello.substr(0, get_hello.size() - 4), drip, none,
       "info connection ended  reason="},
      {"HalfABody", false, "POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\na", "", none,
       "info connection ended  reason="},
      {"ADrippingBody", false, "POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\na", drip, none,
       "info connection ended  reason="},
      {"HalfAHeaderSection", false, preface + half_section, "", h2::enhance_your_calm,
       "warning connection ended  reason=a header section did not end in time"},
      {"ADrippingHeaderSection", false,
       preface + half_section + h2::frame(h2::continuation, 0, 1, h2::field("x", drip)).substr(0, 20), drip,
       h2::enhance_your_calm, "warning connection ended  reason=a header section did not end in time"},
      {"HalfAFrame", false, preface + h2::frame(h2::ping, 0, 0, "12345678").substr(0, 12), "", h2::no_error,
       ""},
      {"AnIdleHttp1Connection", false, get_hello, "", none, ""},
      {"AnIdleHttp2Connection", false, preface + request(1, h2::get("/hello")), "", h2::no_error, ""},
      {"AnHttp1ClientThatDoesNotRead", false, get_rope, "", none,
       "info connection ended  reason=the client takes"},
      {"AnHttp2ClientThatDoesNotRead", false, wide + request(1, h2::get("/rope")), "", none,
       "info connection ended  reason=the client takes nothing"},
  };
}

void PrintTo(const Case& item, std::ostream* out) {
  *out << item.name;
}

class Timeouts : public testing::TestWithParam<Case> {
 protected:
  LogLines log_;
  TestServer server_{{.limits = impatient(), .tls = GetParam().tls}};
};

TEST_P(Timeouts, EndAConnectionThatWaitsForNothing) {
  const Case& item = GetParam();
  Bystander other(server_.port());
  const auto start = Clock::now();
  RawClient client(item.tls ? server_.server().tls_endpoints().at(0).port() : server_.port(), 4096);
  client.send(item.sent);
  bool open = true;
  for (std::size_t i = 0; i < item.dripped.size() && open; ++i) {
    open = client.send(item.dripped.substr(i, 1)) && Clock::now() < start + 5s && log_.all().empty();
    std::this_thread::sleep_for(20ms);
  }
  if (item.log[0] != '\0') {
    EXPECT_TRUE(log_.say(item.log, 20s)) << log_.text();
  }
  if (item.goaway != none) {
    FrameReader reader(client);
    EXPECT_EQ(error_code(reader.next(h2::goaway)), item.goaway);
  }
  EXPECT_TRUE(client.closed_within(20s));
  EXPECT_GE(Clock::now() - start, 1s);
  EXPECT_EQ(other.finish(), "");
}

INSTANTIATE_TEST_SUITE_P(Limits, Timeouts, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case>& of) { return std::string(of.param.name); });

TEST(Limits, AnswerABodyThatDoesNotArrive) {
  TestServer server({.limits = impatient()});
  RawClient client(server.port());
  client.send(h2::preface() + h2::frame(h2::headers, h2::end_headers, 1, h2::get("/hello")));
  FrameReader reader(client);
  EXPECT_NE(body_of(reader, 1).find("\"status\":408"), std::string::npos);
  // The connection goes on.
  client.send(request(3, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 3), "hello\n");
}

// A stream without a window is reset alone, whichever window it is.
TEST(Limits, ResetAStreamWhoseWindowStaysShut) {
  struct Window {
    const char* what;
    std::string preface;
    bool whole_connection;
  };
  const std::vector<Window> windows = {
      {"no window", h2::preface(h2::setting(h2::initial_window_size, 0)), false},
      {"a spent window", h2::preface(h2::setting(h2::initial_window_size, 1000)), false},
      {"a spent window of the connection", h2::preface(h2::setting(h2::initial_window_size, 1'000'000)),
       true},
  };
  for (const Window& item : windows) {
    LogLines log;
    TestServer server({.limits = impatient()});
    Bystander other(server.port());
    RawClient client(server.port());
    client.send(item.preface + request(1, h2::get("/rope")));
    FrameReader reader(client);
    const Frame reset = reader.next(h2::reset);
    EXPECT_EQ(error_code(reset), h2::cancel) << item.what;
    EXPECT_EQ(reset.stream, 1U) << item.what;
    EXPECT_TRUE(log.say("info stream reset  reason=the client opens no window peer=127.0.0.1:"))
        << log.text();
    if (item.whole_connection) client.send(h2::frame(h2::window, 0, 0, h2::number(1000)));
    client.send(request(3, h2::get("/hello")) + h2::frame(h2::window, 0, 3, h2::number(1000)));
    EXPECT_EQ(body_of(reader, 3), "hello\n") << item.what;
    EXPECT_EQ(other.finish(), "") << item.what;
  }
}

// Longer in all than any timeout, but never without progress for as long as one.
TEST(Limits, LetASlowClientFinish) {
  LogLines log;
  Limits limits;
  limits.idle_timeout = 2s;
  limits.write_timeout = 2s;
  TestServer server({.limits = limits});
  const auto start = Clock::now();

  RawClient windows(server.port());
  windows.send(h2::preface(h2::setting(h2::initial_window_size, 0)) + request(1, h2::get("/file")));
  FrameReader frames(windows);
  RawClient head(server.port());
  RawClient reading(server.port(), 4096);
  reading.send(get_rope);
  std::size_t read = 0;
  std::string body;
  for (std::size_t i = 0; i < 10; ++i) {
    windows.send(h2::frame(h2::window, 0, 1, h2::number(2)));
    body += frames.next(h2::data).payload;
    // Requests keep a connection from idling.
    head.send(get_hello);
    EXPECT_TRUE(head.read_response().ends_with("hello\n"));
    read += reading.read(150'000).size();
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_GE(Clock::now() - start, 3s);
  EXPECT_EQ(body, "0123456789abcdefghij");
  EXPECT_EQ(read, 1'500'000U);
  EXPECT_EQ(reading.read(1'000'000).size(), 1'000'000U);
  EXPECT_TRUE(log.all().empty()) << log.text();
}

TEST(Limits, LeaveAConnectionAloneWhoseHandlerWaits) {
  LogLines log;
  TestServer server({.limits = impatient()});
  RawClient http1(server.port());
  http1.send("GET /wait?ms=2500 HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient http2(server.port());
  http2.send(h2::preface() + request(1, h2::get("/wait?ms=2500")));
  FrameReader reader(http2);
  EXPECT_EQ(body_of(reader, 1), "waited");
  EXPECT_TRUE(http1.read_response().ends_with("waited"));
  EXPECT_TRUE(log.all().empty()) << log.text();
}

}  // namespace
}  // namespace wheelbarrow::http
