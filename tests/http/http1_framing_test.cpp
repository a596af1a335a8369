// How bytes become HTTP/1.1 requests: what is understood, what is refused and ends the connection.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

std::string status_of(const std::string& response) {
  return response.size() >= 12 && response.starts_with("HTTP/1.1 ") ? response.substr(9, 3) : "none";
}

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

struct Case {
  std::string request;
  const char* status;
};

// Each is followed by a request that must never be answered on this connection.
TEST(Http1Framing, RefusesAndCloses) {
  TestServer server;
  const std::string host = "Host: h\r\n";
  const std::string get = "GET /hello HTTP/1.1\r\n";
  const std::string post = "POST /hello HTTP/1.1\r\n" + host;
  const std::vector<Case> cases = {
      // The request line.
      {"GET\r\n\r\n", "400"},
      {"GET /hello\r\n" + host + "\r\n", "400"},
      {"GET  /hello HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /hello HTTP/1.1 \r\n" + host + "\r\n", "505"},
      {"GET /hello\tHTTP/1.1\r\n" + host + "\r\n", "400"},
      {"G@T /hello HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET hello HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /h#x HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /h\x7f HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /h\xC3\xA9 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET ftp://h/hello HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET http:///hello HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET * HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"CONNECT h:443 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET /hello HTTP/2.0\r\n" + host + "\r\n", "505"},
      {"GET /hello HTTP/0.9\r\n" + host + "\r\n", "505"},
      {"GET /hello http/1.1\r\n" + host + "\r\n", "505"},
      // Line ends.
      {"GET /hello HTTP/1.1\nHost: h\n\n", "400"},
      {get + "Host: h\n\r\n", "400"},
      {get + "X: a\rb\r\n" + host + "\r\n", "400"},
      {get + "X: a\r\n b\r\n" + host + "\r\n", "400"},
      {get + "X: a\r\n\tb\r\n" + host + "\r\n", "400"},
      {get + " X: a\r\n" + host + "\r\n", "400"},
      // Fields.
      {get + host + "X : a\r\n\r\n", "400"},
      {get + host + "X\r\n\r\n", "400"},
      {get + host + ": a\r\n\r\n", "400"},
      {get + host + std::string("X: a\0b\r\n\r\n", 10), "400"},
      {get + host + "X: a\x01\r\n\r\n", "400"},
      // Host.
      {get + "\r\n", "400"},
      {get + "Host:\r\n\r\n", "400"},
      {get + "Host: a b\r\n\r\n", "400"},
      {get + "Host: user@h\r\n\r\n", "400"},
      {get + "Host: h/x\r\n\r\n", "400"},
      {get + host + host + "\r\n", "400"},
      {"GET http://h/hello HTTP/1.1\r\n\r\n", "400"},
      // The body's length.
      {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400"},
      {post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "400"},
      {post + "Content-Length: 5, 5\r\n\r\nhello", "400"},
      {post + "Content-Length: +5\r\n\r\nhello", "400"},
      {post + "Content-Length: -5\r\n\r\nhello", "400"},
      {post + "Content-Length: 0x5\r\n\r\nhello", "400"},
      {post + "Content-Length: 5 5\r\n\r\nhello", "400"},
      {post + "Content-Length:\r\n\r\nhello", "400"},
      {post + "Content-Length: 99999999999999999999\r\n\r\nhello", "400"},
      {post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: identity\r\n\r\n", "400"},
      {post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "400"},
      {"POST /hello HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      // Chunks.
      {post + "Transfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n", "413"},
      // Limits.
      {"GET /" + std::string(40'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414"},
      {"GET /" + std::string(32 * 1024, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414"},
      {get + host + "X: " + std::string(66'000, 'a') + "\r\n\r\n", "431"},
      {get + host + "X: " + std::string(200'000, 'a') + "\r\n\r\n", "431"},
      {post + "Content-Length: 65537\r\n\r\n", "413"},
      {post + "Content-Length: 9999999999\r\n\r\n", "413"},
      {post + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + std::string(65'537, 'a') + "\r\n0\r\n\r\n",
       "413"},
      {post + "Expect: 200-ok\r\n\r\n", "417"},
  };
  for (const Case& item : cases) {
    RawClient client(server.port());
    client.send(item.request + "GET /hello HTTP/1.1\r\nHost: smuggled\r\n\r\n");
    client.end_sending();
    const std::string response = client.read_all();
    const std::string shown = item.request.substr(0, 120);
    EXPECT_EQ(status_of(response), item.status) << shown;
    EXPECT_EQ(count(response, "\r\ndate: "), 1U) << shown;
    EXPECT_NE(response.find("connection: close\r\n"), std::string::npos) << shown;
    EXPECT_NE(response.find("content-type: application/problem+json\r\n"), std::string::npos) << shown;
    EXPECT_NE(response.find("access-control-allow-origin: *\r\n"), std::string::npos) << shown;
  }
}

// Each is followed by a request that must be answered on the same connection.
TEST(Http1Framing, UnderstandsAndGoesOn) {
  TestServer server;
  const std::string host = "Host: h\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\n" + host;
  const std::vector<Case> cases = {
      {"GET /hello HTTP/1.1\r\n" + host + "\r\n", "200"},
      {"\r\nGET /hello HTTP/1.1\r\n" + host + "\r\n", "200"},
      {"GET /hello HTTP/1.1\r\nhOST:h\t \r\n\r\n", "200"},
      {"GET http://other:80/hello HTTP/1.1\r\n" + host + "\r\n", "200"},
      {"GET http://other?x HTTP/1.1\r\n" + host + "\r\n", "404"},
      {"OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "204"},
      {"GET /bundle?r=lxml>=5|{} HTTP/1.1\r\n" + host + "\r\n", "404"},
      {"BREW /hello HTTP/1.1\r\n" + host + "\r\n", "200"},
      {post + "Content-Length: 5\r\n\r\nhello", "200"},
      {post + "Content-Length: 0\r\n\r\n", "200"},
      {post + "Content-Length: 65536\r\n\r\n" + std::string(65'536, 'a'), "200"},
      {post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200"},
      {post + "Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", "200"},
      {"GET /hello HTTP/1.1\r\n" + host +
           "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
       "200"},
      {"GET /" + std::string(32 * 1024 - 1, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "404"},
      {"GET /hello HTTP/1.1\r\n" + host + "X: " + std::string(65'000, 'a') + "\r\n\r\n", "200"},
  };
  for (const Case& item : cases) {
    RawClient client(server.port());
    client.send(item.request + "GET /hello HTTP/1.1\r\nHost: second\r\nConnection: close\r\n\r\n");
    const std::string response = client.read_all();
    const std::string shown = item.request.substr(0, 120);
    EXPECT_EQ(status_of(response), item.status) << shown;
    EXPECT_EQ(count(response, "\r\ndate: "), 2U) << shown << "\n" << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\nhello\n")) << shown;
  }
}

TEST(Http1Framing, TakesOneByteAtATime) {
  TestServer server;
  RawClient client(server.port());
  const std::string request =
      "POST /echo?a=b HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const char c : request) {
    ASSERT_TRUE(client.send({&c, 1}));
  }
  EXPECT_TRUE(client.read_response().ends_with("\r\n\r\nPOST\n/echo\na=b\nh:1\nhttp\n"));
}

}  // namespace
}  // namespace wheelbarrow::http
