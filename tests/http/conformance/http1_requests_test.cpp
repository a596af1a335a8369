// RFC 9112 9 and RFC 9110: connections that persist, Expect, the upgrade that is not made, and responses.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "http/conformance/http1_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

std::string to(std::string_view path, std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

std::string old(std::string_view lines = {}) {
  return "GET /hello HTTP/1.0\r\n" + std::string(lines) + "\r\n";
}

std::vector<Http1Case> persistence() {
  const auto echoed = [](const std::string& query) {
    return response(200, "GET\n/echo\n" + query + "\nh\nhttp\n");
  };
  const auto stays_open = check1([](Http1Conversation& conversation) {
    const std::optional<Http1Response> answer = conversation.read_response();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->fields.get("connection"), "keep-alive");
  });
  return {
      {"9.3 HTTP/1.1 stays open", to("/hello"), served(200)},
      {"9.3 HTTP/1.1 with keep-alive", to("/hello", "Connection: keep-alive\r\n"), served(200)},
      {"9.3 HTTP/1.1 with close", to("/hello", "Connection: close\r\n"), served_last(200)},
      {"9.3 close in any case", to("/hello", "connection: CLOSE\r\n"), served_last(200)},
      {"9.3 close in a list", to("/hello", "Connection: x, close ,y\r\n"), served_last(200)},
      {"9.3 close in a second line", to("/hello", "Connection: x\r\nConnection: close\r\n"),
       served_last(200)},
      {"9.3 close outweighs keep-alive", to("/hello", "Connection: keep-alive, close\r\n"), served_last(200)},
      {"9.3 other options do not close", to("/hello", "Connection: closed, x-close\r\n"), served(200)},
      {"9.3 HTTP/1.0 closes", old(), served_last(200)},
      {"9.3 HTTP/1.0 with keep-alive stays open",
       old("Connection: keep-alive\r\n") + stays_open + to("/hello"), served(200)},
      {"9.3 HTTP/1.0 with keep-alive and close", old("Connection: keep-alive, close\r\n"), served_last(200)},
      {"9.3 an error of the handler does not close", to("/throw"), served(500)},
      {"9.3 an unknown path does not close", to("/nothing"), served(404)},
      {"9.3.2 pipelined requests are answered in order", to("/echo?1") + to("/echo?2") + to("/echo?3"),
       echoed("1") + echoed("2") + echoed("3")},
      {"9.3.2 a slow request holds up those behind", to("/wait?ms=20") + to("/echo?2"),
       response(200, "waited") + echoed("2")},
      {"9.3.2 pipelined behind a body", post1("Content-Length: 5\r\n", "hello") + to("/echo?2"),
       response(200) + echoed("2")},
      {"9.3.2 pipelined behind chunks", chunked1("5\r\nhello\r\n0\r\n\r\n") + to("/echo?2"),
       response(200) + echoed("2")},
      {"9.6 nothing behind close is answered", to("/hello", "Connection: close\r\n") + to("/echo"),
       response(200) + hung_up()},
  };
}

std::vector<Http1Case> expectations() {
  const std::string expect = "Expect: 100-continue\r\n";
  return {
      {"9110 10.1.1 100-continue before the body",
       post1(expect + "Content-Length: 5\r\n") + response(100) + "hello"s, served(200)},
      {"9110 10.1.1 100-continue before chunks",
       post1(expect + "Transfer-Encoding: chunked\r\n") + response(100) + "5\r\nhello\r\n0\r\n\r\n"s,
       served(200)},
      {"9110 10.1.1 100-continue in any case",
       post1("Expect: 100-Continue\r\nContent-Length: 5\r\n") + response(100) + "hello"s, served(200)},
      {"9110 10.1.1 no 100 when the body is there", post1(expect + "Content-Length: 5\r\n", "hello"),
       served(200)},
      {"9110 10.1.1 no 100 without a body", to("/hello", expect), served(200)},
      {"9110 10.1.1 no 100 for a body of 0 bytes", post1(expect + "Content-Length: 0\r\n"), served(200)},
      {"9110 10.1.1 no 100 for HTTP/1.0",
       "POST /hello HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"s, served_last(200)},
      {"9110 10.1.1 a body too large is refused instead", post1(expect + "Content-Length: 99999999\r\n"),
       refused(413)},
      {"9110 10.1.1 another expectation", post1("Expect: 200-ok\r\nContent-Length: 0\r\n"), refused(417)},
  };
}

std::vector<Http1Case> upgrades() {
  const std::string h2c =
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
  return {
      {"9113 3.1 Upgrade to h2c is ignored", to("/hello", h2c), served(200, "hello\n")},
      {"9113 3.1 Upgrade to h2c without its settings",
       to("/hello", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), served(200)},
      {"9113 3.1 Upgrade to h2c with a body", post1(h2c + "Content-Length: 5\r\n", "hello"), served(200)},
      {"9113 3.1 Upgrade to h2c with chunks", chunked1("5\r\nhello\r\n0\r\n\r\n", h2c), served(200)},
      {"9113 3.1 Upgrade to h2c with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n" + h2c + "\r\n",
       served(204)},
      {"9113 3.1 Upgrade to h2c and close", to("/hello", "Connection: Upgrade, close\r\nUpgrade: h2c\r\n"),
       served_last(200)},
      {"9110 7.8 Upgrade in HTTP/1.0 is ignored", old("Connection: Upgrade\r\nUpgrade: h2c\r\n"),
       served_last(200)},
      {"9110 7.8 Upgrade to WebSocket is ignored",
       to("/hello", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), served(200)},
      {"9110 7.8 Upgrade to TLS is ignored", to("/hello", "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"),
       served(200)},
      {"9113 3.4 the HTTP/2 preface behind a request", to("/hello") + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
       response(200) + response(505) + hung_up()},
  };
}

std::vector<Http1Case> responses() {
  const auto same_length = check1([](Http1Conversation& conversation) {
    const std::optional<Http1Response> head = conversation.read_response(true);
    const std::optional<Http1Response> get = conversation.read_response();
    ASSERT_TRUE(head && get);
    EXPECT_EQ(head->fields.get("content-length"), get->fields.get("content-length"));
    EXPECT_EQ(get->body, "hello\n");
  });
  return {
      {"9110 9.3.2 HEAD is answered without a body", "HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n"s,
       served_head(200)},
      {"9110 9.3.2 HEAD has the length of GET", "HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n" + to("/hello"),
       same_length},
      {"9110 9.3.2 HEAD of an error is answered without a body", "HEAD /nothing HTTP/1.1\r\nHost: h\r\n\r\n"s,
       served_head(404)},
      {"9110 15.3.5 a 204 has no body", to("/status?204"), served(204)},
      {"9110 15.4.5 a 304 has no body", to("/status?304"), served(304)},
      {"9110 15.2 a status that is not final does not leave", to("/status?103"), served(500)},
      {"9110 15.2.2 a 101 does not leave", to("/status?101"), served(500)},
      {"9112 11.1 a handler's line break does not leave", to("/split"), served(200, "split")},
      {"9112 6.1 chunks are not sent to HTTP/1.0", old(), served_last(200)},
      {"9110 10.1.4 TE does not change the answer",
       to("/hello", "TE: trailers, chunked\r\nConnection: TE\r\n"), served(200)},
  };
}

class Http1Requests : public Http1Conformance {};
TEST_P(Http1Requests, Conform) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Persistence, Http1Requests, testing::ValuesIn(persistence()), Http1Requests::name);
INSTANTIATE_TEST_SUITE_P(Expectations, Http1Requests, testing::ValuesIn(expectations()), Http1Requests::name);
INSTANTIATE_TEST_SUITE_P(Upgrades, Http1Requests, testing::ValuesIn(upgrades()), Http1Requests::name);
INSTANTIATE_TEST_SUITE_P(Responses, Http1Requests, testing::ValuesIn(responses()), Http1Requests::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
