// How much a client may ask for: of one request, of one connection, and of connections.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/bystander.hpp"
#include "http/http2_client.hpp"
#include "http/log_lines.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

// AddressSanitizer keeps what is freed in quarantine, so nothing can be said about memory then.
#ifdef __SANITIZE_ADDRESS__
constexpr bool keeps_freed_memory = true;
#else
constexpr bool keeps_freed_memory = false;
#endif

// Bytes of memory that this process, and with it the server, has in use.
std::size_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// The status of a response to that request over HTTP/1.1.
std::string http1_status(unsigned short port, const std::string& sent) {
  RawClient client(port);
  client.send(sent);
  return client.read_response().substr(0, 12);
}

// The body of a response to that request over HTTP/2; of an error, a problem that has the status.
std::string http2_body(unsigned short port, const std::string& frames) {
  RawClient client(port);
  client.send(h2::preface() + frames);
  FrameReader reader(client);
  return body_of(reader, 1);
}

TEST(Limits, AnswerARequestThatIsTooLarge) {
  Limits limits;
  limits.max_target = 1000;
  limits.max_header_list = 2000;
  limits.max_body = 3000;
  TestServer server({.limits = limits});
  Bystander other(server.port());
  const std::string h2_post = h2::field(":method", "POST") + h2::field(":scheme", "http") +
                              h2::field(":path", "/hello") + h2::field(":authority", "h");
  // What is the limit's own, and what lies around it in the protocol.
  struct Case {
    const char* what;
    std::size_t most;
    std::string status;
    std::function<std::string(std::size_t)> http1;
    std::function<std::string(std::size_t)> http2;
  };
  const std::vector<Case> cases = {
      {"target", limits.max_target, "414",
       [](std::size_t size) {
         return "GET /hello?" + std::string(size - 7, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
       },
       [](std::size_t size) { return request(1, h2::get("/hello?" + std::string(size - 7, 'a'))); }},
      {"header list", limits.max_header_list, "431",
       [](std::size_t size) {
         // 37 bytes for Host, 33 for the other field (RFC 9113 10.5.1).
         return "GET /hello HTTP/1.1\r\nHost: h\r\nx: " + std::string(size - 37 - 33, 'a') + "\r\n\r\n";
       },
       [](std::size_t size) {
         // The pseudo-fields, of which the path has its own limit: 42, 43, 37 and 43 (RFC 9113 10.5.1).
         const std::size_t pseudo = 42 + 43 + 37 + 11 + 32;
         return request(1, h2::get("/hello", "h") + h2::field("x", std::string(size - pseudo - 33, 'a')));
       }},
      {"body", limits.max_body, "413",
       [](std::size_t size) {
         return "POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                std::string(size, 'a');
       },
       [&](std::size_t size) {
         return h2::frame(h2::headers, h2::end_headers, 1, h2_post) +
                h2::frame(h2::data, h2::end_stream, 1, std::string(size, 'a'));
       }},
      {"chunked body", limits.max_body, "413",
       [](std::size_t size) {
         std::string body = "POST /hello HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
         for (; size > 0; --size) {
           body += "1\r\na\r\n";
         }
         return body + "0\r\n\r\n";
       },
       [&](std::size_t size) {
         std::string frames = h2::frame(h2::headers, h2::end_headers, 1, h2_post);
         for (; size > 1; --size) {
           frames += h2::frame(h2::data, 0, 1, "a");
         }
         return frames + h2::frame(h2::data, h2::end_stream, 1, "a");
       }},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(http1_status(server.port(), item.http1(item.most)), "HTTP/1.1 200") << item.what;
    EXPECT_EQ(http1_status(server.port(), item.http1(item.most + 1)), "HTTP/1.1 " + item.status) << item.what;
    EXPECT_EQ(http2_body(server.port(), item.http2(item.most)), "hello\n") << item.what;
    const std::string refused = http2_body(server.port(), item.http2(item.most + 1));
    EXPECT_NE(refused.find("\"status\":" + item.status), std::string::npos) << item.what << ": " << refused;
  }
  EXPECT_EQ(other.finish(), "");
}

TEST(Limits, RefuseStreamsBeyondTheirNumber) {
  Limits limits;
  limits.max_concurrent_streams = 4;
  LogLines log;
  TestServer server({.limits = limits});
  Bystander other(server.port());
  RawClient client(server.port());
  std::string requests;
  for (std::uint32_t stream = 1; stream < 11; stream += 2) {
    requests += request(stream, h2::get("/wait?ms=700"));
  }
  // The client can't know the number yet (RFC 9113 5.1.2).
  client.send(h2::preface() + requests);
  FrameReader reader(client);
  const Frame settings = reader.next(h2::settings);
  EXPECT_NE(settings.payload.find(h2::setting(3, limits.max_concurrent_streams)), std::string::npos);
  const Frame reset = reader.next(h2::reset);
  EXPECT_EQ(error_code(reset), h2::refused_stream);
  EXPECT_EQ(reset.stream, 9U);
  EXPECT_EQ(body_of(reader, 7), "waited");
  client.send(request(11, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 11), "hello\n");
  EXPECT_TRUE(log.all().empty()) << log.text();
  EXPECT_EQ(other.finish(), "");
}

// Beyond a number that it has acknowledged, a client breaks the protocol; RFC 9113 5.4.1 lets that end the
// connection.
TEST(Limits, EndAConnectionWithStreamsBeyondTheNumberItKnows) {
  Limits limits;
  limits.max_concurrent_streams = 4;
  TestServer server({.limits = limits});
  Bystander other(server.port());
  RawClient client(server.port());
  client.send(h2::preface());
  FrameReader reader(client);
  reader.next(h2::settings);
  client.send(h2::frame(h2::settings, h2::ack, 0));
  for (std::uint32_t stream = 1; stream < 11; stream += 2) {
    client.send(request(stream, h2::get("/wait?ms=3000")));
  }
  EXPECT_EQ(error_code(reader.next(h2::goaway)), h2::protocol_error);
  EXPECT_TRUE(client.closed_within(5s));
  EXPECT_EQ(other.finish(), "");
}

TEST(Limits, ResetARequestThatDoesNotFitIntoTheMemoryOfItsConnection) {
  Limits limits;
  limits.max_connection_memory = 20'000;
  LogLines log;
  TestServer server({.limits = limits});
  Bystander other(server.port());
  RawClient client(server.port());
  client.send(h2::preface());
  const std::string large = h2::field("x", std::string(5000, 'a'));
  for (std::uint32_t stream = 1; stream < 9; stream += 2) {
    client.send(request(stream, h2::get("/wait?ms=700") + large));
  }
  FrameReader reader(client);
  const Frame reset = reader.next(h2::reset);
  EXPECT_EQ(error_code(reset), h2::enhance_your_calm);
  EXPECT_EQ(reset.stream, 7U);
  EXPECT_TRUE(log.say("warning stream reset  reason=")) << log.text();
  // Those before it are answered, and their memory is free again.
  EXPECT_EQ(body_of(reader, 5), "waited");
  for (std::uint32_t stream = 9; stream < 15; stream += 2) {
    client.send(request(stream, h2::get("/hello") + large));
    EXPECT_EQ(body_of(reader, stream), "hello\n") << stream;
  }
  EXPECT_EQ(other.finish(), "");
}

// A field that HPACK's table holds costs one byte each further time.
TEST(Limits, ResetARequestThatUnfoldsFarBeyondTheLimit) {
  LogLines log;
  TestServer server;
  Bystander other(server.port());
  RawClient client(server.port());
  client.send(h2::preface());
  FrameReader reader(client);
  const std::string name_and_value = h2::field("x", std::string(3900, 'a')).substr(1);
  const std::string indexed = std::string(1, '\x40') + name_and_value;  // RFC 7541 6.2.1
  const std::string again(1, '\xbe');                                   // the table's newest, RFC 7541 6.1
  client.send(request(1, h2::get("/hello") + indexed));
  EXPECT_EQ(body_of(reader, 1), "hello\n");
  std::string little = h2::get("/hello");
  for (int i = 0; i < 20; ++i) {
    little += again;
  }
  client.send(request(3, little));
  EXPECT_NE(body_of(reader, 3).find("\"status\":431"), std::string::npos);

  std::string bomb = h2::get("/hello");
  for (int i = 0; i < 16'000; ++i) {
    bomb += again;
  }
  const std::size_t before = resident_memory();
  for (std::uint32_t stream = 5; stream < 205; stream += 2) {
    client.send(request(stream, bomb));
    ASSERT_EQ(body_of(reader, stream), "(reset " + std::to_string(h2::enhance_your_calm) + ")") << stream;
  }
  if (!keeps_freed_memory) {
    EXPECT_LT(resident_memory(), before + 8 * 1024 * 1024);
  }
  client.send(request(301, h2::get("/hello")));
  EXPECT_EQ(body_of(reader, 301), "hello\n");
  EXPECT_EQ(other.finish(), "");
}

TEST(Limits, CloseConnectionsBeyondTheirNumber) {
  struct Case {
    const char* limit;
    std::size_t Limits::* number;
    bool others_welcome;  // from another address
  };
  const std::vector<Case> cases = {
      {"max_connections", &Limits::max_connections, false},
      {"max_connections_per_address", &Limits::max_connections_per_address, true},
  };
  for (const Case& item : cases) {
    Limits limits;
    limits.*item.number = 3;
    LogLines log;
    TestServer server({.limits = limits});
    Bystander other(server.port());
    RawClient second(server.port());
    auto third = std::make_unique<RawClient>(server.port());
    for (RawClient* client : {&second, third.get()}) {
      client->send(get_hello);
      EXPECT_TRUE(client->read_response().ends_with("hello\n")) << item.limit;
    }
    for (int i = 0; i < 20; ++i) {
      RawClient more(server.port());
      EXPECT_TRUE(more.closed_within(5s)) << item.limit;
    }
    EXPECT_TRUE(
        log.say(std::string("warning connections refused  reason=") + item.limit + " peer=127.0.0.1:"))
        << log.text();
    // Said once, not twenty times.
    EXPECT_EQ(log.all().size(), 1U) << log.text();
    const Ran ran = run("curl -sS --max-time 5 --interface 127.0.0.2 " + server.plain() + "/hello");
    EXPECT_EQ(ran.output == "hello\n", item.others_welcome) << item.limit << ": " << ran.output;
    second.send(get_hello);
    EXPECT_TRUE(second.read_response().ends_with("hello\n")) << item.limit;

    // A place is free once the server has noticed that a client left.
    third.reset();
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    std::string answer;
    while (answer.empty() && std::chrono::steady_clock::now() < deadline) {
      RawClient next(server.port());
      next.send(get_hello);
      answer = next.read_response();
    }
    EXPECT_TRUE(answer.ends_with("hello\n")) << item.limit << ": " << answer;
    EXPECT_EQ(other.finish(), "") << item.limit;
  }
}

}  // namespace
}  // namespace wheelbarrow::http
