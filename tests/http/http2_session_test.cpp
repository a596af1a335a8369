// HTTP/2 with raw frames: what a well-behaved client library would never send, and when.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "http/http2_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(Http2Session, AnswersRequestsOnOneConnection) {
  TestServer server;
  RawClient client(server.port());
  client.send(h2::preface());
  FrameReader reader(client);
  EXPECT_EQ(reader.any().type, h2::settings);
  for (std::uint32_t stream = 1; stream < 2001; stream += 2) {
    client.send(request(stream, h2::get("/echo?" + std::to_string(stream), "example:8080")));
    ASSERT_EQ(body_of(reader, stream), "GET\n/echo\n" + std::to_string(stream) + "\nexample:8080\nhttp\n");
  }
}

TEST(Http2Session, AnswersErrorsAsProblems) {
  struct Case {
    std::string fields;
    std::string body;  // contains this
    const char* what;
  };
  const auto status = [](const char* number) { return std::string("\"status\":") + number; };
  const std::string malformed = "(reset 1)";  // PROTOCOL_ERROR (RFC 9113 8.1.1)
  const std::string get = h2::get("/hello");
  const auto path = [](std::string_view value) { return h2::get(value); };
  const std::vector<Case> cases = {
      {path("/nothing"), status("404"), "unknown path"},
      {path("/throw"), status("500"), "a handler that throws"},
      {path("/" + std::string(10'000, 'a')), status("414"), "a long target"},
      {get + h2::field("x", std::string(10'000, 'a')), status("431"), "a large field"},
      {path("/a#b"), status("400"), "a fragment"},
      {path("http://h/hello"), malformed, "an absolute target"},
      {h2::get("/hello", "a b"), malformed, "a bad authority"},
      {get + h2::field("host", "other"), status("400"), "another Host"},
  };
  Limits limits;
  limits.max_target = 8000;
  limits.max_header_list = 9000;
  TestServer server({.limits = limits});
  RawClient client(server.port());
  client.send(h2::preface());
  FrameReader reader(client);
  std::uint32_t stream = 1;
  for (const Case& item : cases) {
    client.send(request(stream, item.fields));
    const std::string body = body_of(reader, stream);
    EXPECT_NE(body.find(item.body), std::string::npos) << item.what << ": " << body;
    stream += 2;
  }
  client.send(request(stream, get));
  EXPECT_EQ(body_of(reader, stream), "hello\n");
}

TEST(Http2Session, DropsBodiesUpToTheLimit) {
  TestServer server;
  RawClient client(server.port());
  client.send(h2::preface());
  FrameReader reader(client);
  const std::string post = h2::field(":method", "POST") + h2::field(":scheme", "http") +
                           h2::field(":path", "/hello") + h2::field(":authority", "h");
  const std::string block(16'384, 'a');
  client.send(h2::frame(h2::headers, h2::end_headers, 1, post));
  client.send(h2::frame(h2::data, 0, 1, block) + h2::frame(h2::data, 0, 1, block));
  // Trailers end it.
  client.send(h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::field("x-trailer", "y")));
  EXPECT_EQ(body_of(reader, 1), "hello\n");

  // One byte too many, and the client isn't done: the answer, then RST_STREAM(NO_ERROR).
  client.send(h2::frame(h2::headers, h2::end_headers, 3, post));
  for (int i = 0; i < 3; ++i) {
    client.send(h2::frame(h2::data, 0, 3, block));
  }
  std::this_thread::sleep_for(50ms);
  client.send(h2::frame(h2::data, 0, 3, block) + h2::frame(h2::data, 0, 3, "a"));
  EXPECT_NE(body_of(reader, 3).find("\"status\":413"), std::string::npos);
  const Frame reset = reader.next(h2::reset);
  EXPECT_EQ(reset.stream, 3U);
  EXPECT_EQ(error_code(reset), 0U);

  // A length that the body doesn't keep is a stream error (RFC 9113 8.1.1).
  client.send(h2::frame(h2::headers, h2::end_headers, 5, post + h2::field("content-length", "3")));
  client.send(h2::frame(h2::data, h2::end_stream, 5, "abcd"));
  EXPECT_EQ(body_of(reader, 5), "(reset 1)");
  client.send(request(7, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 7), "hello\n");
}

TEST(Http2Session, SendsOnlyWhatTheWindowTakes) {
  TestServer server;
  RawClient client(server.port());
  client.send(h2::preface(h2::setting(h2::initial_window_size, 10)));
  FrameReader reader(client);
  client.send(request(1, h2::get("/rope")));
  EXPECT_EQ(reader.next(h2::data).payload.size(), 10U);
  // Others on the connection go on.
  client.send(request(3, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 3), "hello\n");
  client.send(h2::frame(h2::window, 0, 1, h2::number(7)));
  EXPECT_EQ(reader.next(h2::data).payload.size(), 7U);
}

TEST(Http2Session, CancelsTheHandlerOfAStreamThatWasReset) {
  TestServer server;
  RawClient client(server.port());
  client.send(h2::preface());
  FrameReader reader(client);
  client.send(request(1, h2::get("/wait?ms=60000")));
  client.send(request(3, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 3), "hello\n");
  client.send(h2::frame(h2::reset, 0, 1, h2::number(8)));
  auto deadline = Clock::now() + 5s;
  while (server.cancelled() == 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(server.cancelled(), 1);
  client.send(request(5, h2::get("/wait?ms=60000")));
  client.send(request(7, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 7), "hello\n");
  client.reset();
  deadline = Clock::now() + 5s;
  while (server.cancelled() == 1 && Clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(server.cancelled(), 2);
}

TEST(Http2Session, EndsSilentAndStuckClients) {
  Limits limits;
  limits.header_timeout = 1s;
  limits.idle_timeout = 1s;
  limits.write_timeout = 1s;
  TestServer server({.limits = limits});
  struct Case {
    const char* what;
    std::string sent;
    bool goaway;  // a client that has said anything is told
  };
  const std::vector<Case> cases = {
      {"the magic alone", h2::preface().substr(0, 24), false},
      {"an idle connection", h2::preface(), true},
      {"an idle connection after a request", h2::preface() + request(1, h2::get("/hello")), true},
      {"half a header section", h2::preface() + h2::frame(h2::headers, h2::end_stream, 1, h2::get("/hello")),
       true},
      {"half a body", h2::preface() + h2::frame(h2::headers, h2::end_headers, 1, h2::get("/hello")), true},
      {"a window of zero",
       h2::preface(h2::setting(h2::initial_window_size, 0)) + request(1, h2::get("/hello")), true},
  };
  for (const Case& item : cases) {
    const auto start = Clock::now();
    RawClient client(server.port());
    client.send(item.sent);
    FrameReader reader(client);
    EXPECT_EQ(reader.next(h2::goaway).type, item.goaway ? h2::goaway : 255) << item.what;
    EXPECT_GE(Clock::now() - start, 1s) << item.what;
    EXPECT_TRUE(client.closed_within(20s)) << item.what;
  }
}

TEST(Http2Session, DoesNotEndAConnectionWhoseHandlerWaits) {
  Limits limits;
  limits.header_timeout = 1s;
  limits.idle_timeout = 1s;
  limits.write_timeout = 1s;
  TestServer server({.limits = limits});
  RawClient client(server.port());
  client.send(h2::preface() + request(1, h2::get("/wait?ms=2500")));
  FrameReader reader(client);
  EXPECT_EQ(body_of(reader, 1), "waited");
}

TEST(Http2Session, EndsConnectionsThatFlood) {
  struct Case {
    const char* what;
    std::string frame;
    int times;
  };
  std::string resets;
  for (std::uint32_t stream = 1; stream < 6000; stream += 2) {
    resets += request(stream, h2::get("/wait?ms=100")) + h2::frame(h2::reset, 0, stream, h2::number(8));
  }
  std::string continuations = h2::frame(h2::headers, h2::end_stream, 1, h2::get("/hello"));
  for (int i = 0; i < 100; ++i) {
    continuations += h2::frame(h2::continuation, 0, 1, h2::field("x", "y"));
  }
  std::string many_settings;
  for (std::uint16_t i = 0; i < 100; ++i) {
    many_settings += h2::setting(static_cast<std::uint16_t>(100 + i), 1);
  }
  const std::vector<Case> cases = {
      {"pings", h2::frame(h2::ping, 0, 0, "12345678"), 2'000'000},
      {"settings", h2::frame(h2::settings, 0, 0), 2'000'000},
      {"many settings in one frame", h2::frame(h2::settings, 0, 0, many_settings), 1},
      {"rapid resets", resets, 1},
      {"continuations", continuations, 1},
  };
  TestServer server;
  for (const Case& item : cases) {
    RawClient client(server.port(), 4096);
    client.send(h2::preface());
    // Never reading, as a flooder does: the answers to its pings pile up.
    std::string batch;
    for (int i = 0; i < std::min(item.times, 1000); ++i) {
      batch += item.frame;
    }
    bool open = true;
    for (int sent = 0; sent < item.times && open; sent += 1000) {
      open = client.send(batch);
    }
    EXPECT_TRUE(!open || client.closed_within(5s)) << item.what;
    RawClient other(server.port());
    other.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(other.read_response().ends_with("hello\n")) << item.what;
  }
}

TEST(Http2Session, EndsWhatIsNotHttp2) {
  TestServer server;
  RawClient client(server.port());
  client.send(h2::preface().substr(0, 24) + "GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(client.closed_within(5s));
}

}  // namespace
}  // namespace wheelbarrow::http
