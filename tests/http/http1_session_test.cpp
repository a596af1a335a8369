// What happens on an HTTP/1.1 connection over time.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}

TEST(Http1Session, KeepsTheConnectionOpen) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    client.send(get("/hello"));
    const std::string response = client.read_response();
    ASSERT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << i << response;
    ASSERT_TRUE(response.ends_with("\r\n\r\nhello\n")) << i << response;
    ASSERT_NE(response.find("\r\ndate: "), std::string::npos);
  }
}

TEST(Http1Session, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string requests = get("/wait?ms=100");
  for (int i = 0; i < 2000; ++i) {
    requests += get("/echo?" + std::to_string(i));
  }
  std::thread sender([&] { client.send(requests); });
  EXPECT_TRUE(client.read_response().ends_with("waited"));
  for (int i = 0; i < 2000; ++i) {
    const std::string response = client.read_response();
    EXPECT_NE(response.find("\n/echo\n" + std::to_string(i) + "\n"), std::string::npos) << i << response;
  }
  sender.join();
}

TEST(Http1Session, ClosesWhenAsked) {
  TestServer server;
  struct Case {
    const char* request;
    bool stays_open;
  };
  for (const Case& item : {Case{"GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
                           Case{"GET /hello HTTP/1.0\r\n\r\n", false},
                           Case{"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
                           Case{"GET /hello HTTP/1.1\r\nHost: h\r\n\r\n", true}}) {
    RawClient client(server.port());
    client.send(item.request);
    const std::string response = client.read_response();
    EXPECT_TRUE(response.ends_with("\r\n\r\nhello\n")) << item.request;
    EXPECT_NE(response.find(item.stays_open ? "connection: keep-alive" : "connection: close"),
              std::string::npos)
        << item.request;
    EXPECT_EQ(client.closed_within(item.stays_open ? 100ms : 5000ms), !item.stays_open) << item.request;
  }
}

TEST(Http1Session, SendsNoBodyWhereNoneMayBe) {
  TestServer server;
  RawClient client(server.port());
  struct Case {
    const char* method;
    const char* path;
    const char* length;  // null: no Content-Length
  };
  for (const Case& item : {Case{"HEAD", "/hello", "6"}, Case{"HEAD", "/rope", "100000000"},
                           Case{"GET", "/status?204", nullptr}, Case{"GET", "/status?304", nullptr}}) {
    client.send(std::string(item.method) + " " + item.path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string response = client.read_response(true);
    const std::string length =
        item.length == nullptr ? "" : std::string("\r\ncontent-length: ") + item.length + "\r\n";
    EXPECT_EQ(response.find("content-length") == std::string::npos, item.length == nullptr) << item.path;
    EXPECT_NE(response.find(length), std::string::npos) << item.path << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\n")) << item.path;
  }
  client.send(get("/hello", "Connection: close\r\n"));
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(Http1Session, SaysContinueBeforeABodyIsSent) {
  TestServer server;
  RawClient client(server.port());
  client.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(client.read(25), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 200 OK\r\n"));
  // A body that is too large gets its answer instead.
  client.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(Http1Session, SurvivesAHandlerThatThrows) {
  TestServer server;
  RawClient client(server.port());
  client.send(get("/throw"));
  const std::string response = client.read_response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << response;
  EXPECT_EQ(response.find("the handler of /throw throws"), std::string::npos)
      << "internals belong in the log";
  client.send(get("/hello"));
  EXPECT_TRUE(client.read_response().ends_with("hello\n"));
}

TEST(Http1Session, NeverLetsAHandlerSplitAResponse) {
  TestServer server;
  RawClient client(server.port());
  client.send(get("/split"));
  const std::string response = client.read_response();
  EXPECT_EQ(response.find("x-injected"), std::string::npos) << response;
  EXPECT_EQ(response.find("upgrade"), std::string::npos) << response;
  EXPECT_TRUE(response.ends_with("split")) << response;
}

TEST(Http1Session, CancelsTheHandlerOfAClientThatLeft) {
  TestServer server;
  {
    RawClient client(server.port());
    client.send(get("/wait?ms=60000"));
    std::this_thread::sleep_for(100ms);
  }
  const auto deadline = Clock::now() + 5s;
  while (server.cancelled() == 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(server.cancelled(), 1);
}

TEST(Http1Session, LetsOthersGoOnWhileOneWaits) {
  TestServer server;
  RawClient waiting(server.port());
  RawClient slow(server.port());
  RawClient quick(server.port());
  waiting.send(get("/wait?ms=60000"));
  slow.send("GET /hel");
  for (int i = 0; i < 50; ++i) {
    quick.send(get("/hello"));
    ASSERT_TRUE(quick.read_response().ends_with("hello\n"));
  }
  slow.send("lo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(slow.read_response().ends_with("hello\n"));
}

TEST(Http1Session, EndsSilentAndSlowClients) {
  Limits limits;
  limits.header_timeout = 1s;
  limits.idle_timeout = 1s;
  TestServer server({.limits = limits});
  struct Case {
    const char* what;
    const char* sent;
  };
  for (const Case& item :
       {Case{"nothing", ""}, Case{"half a preface", "PRI * HTTP"}, Case{"half a head", "GET /hello HT"},
        Case{"half a body", "POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe"},
        Case{"one request", "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"}}) {
    const auto start = Clock::now();
    RawClient client(server.port());
    client.send(item.sent);
    EXPECT_TRUE(client.closed_within(20s)) << item.what;
    EXPECT_GE(Clock::now() - start, 1s) << item.what;
  }
  // Trickling bytes doesn't help.
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\nX: ");
  const auto start = Clock::now();
  bool closed = client.closed_within(100ms);
  while (!closed && Clock::now() - start < 20s) {
    client.send("a");
    closed = client.closed_within(100ms);
  }
  EXPECT_TRUE(closed);
}

TEST(Http1Session, EndsAClientThatDoesNotRead) {
  Limits limits;
  limits.write_timeout = 1s;
  TestServer server({.limits = limits});
  RawClient client(server.port(), 4096);
  client.send(get("/rope"));
  std::this_thread::sleep_for(3s);
  const std::string received = client.read_all(2s);
  EXPECT_LT(received.size(), TestServer::rope_size())
      << "the server waited for a client that took nothing for 3 s";
  EXPECT_TRUE(client.closed_within(2s));
}

TEST(Http1Session, ServesAClientThatReadsSlowly) {
  Limits limits;
  limits.write_timeout = 1s;
  TestServer server({.limits = limits});
  RawClient client(server.port(), 4096);
  client.send(get("/rope", "Range: bytes=0-9999999\r\nConnection: close\r\n"));
  std::size_t received = 0;
  // Three times the timeout in all, never without progress for long.
  for (int i = 0; i < 30; ++i) {
    received += client.read(50'000).size();
    std::this_thread::sleep_for(100ms);
  }
  received += client.read_all(20s).size();
  EXPECT_GT(received, 10'000'000U);
}

}  // namespace
}  // namespace wheelbarrow::http
