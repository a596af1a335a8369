#include "http/proxy_protocol.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using State = ProxyHeader::State;
using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

// Version 2, with that length.
std::string v2(char command, char family, const std::string& rest) {
  return signature + command + family + number(rest.size()) + rest;
}

std::string field(char type, const std::string& value) {
  return type + number(value.size()) + value;
}

const std::string v4_addresses = "\xC0\x00\x02\x01\xC0\x00\x02\x02\xDC\x04\x01\xBB"s;  // 192.0.2.1:56324
const std::string v6_addresses = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" +
                                 std::string(15, '\0') + "\x01\xDC\x04\x01\xBB"s;  // [2001:db8::1]:56324
const std::string ssl = field('\x20', "\x01\0\0\0\0"s);

// Who it says, "nobody", "malformed" or "incomplete".
std::string read(const std::string& bytes) {
  const ProxyHeader header = parse_proxy_header(bytes);
  if (header.state == State::malformed) return "malformed";
  if (header.state == State::incomplete) return "incomplete";
  if (!header.client) return "nobody";
  return header.client->address().to_string() + " " + std::to_string(header.client->port()) +
         (header.secure ? " secure" : "");
}

std::string quoted(const std::string& bytes) {
  return testing::PrintToString(bytes);
}

TEST(ProxyProtocol, SaysWhoTheClientIs) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "192.0.2.1 56324"},
      {"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0 0"},
      {"PROXY TCP6 2001:db8::1 ::1 56324 443\r\n", "2001:db8::1 56324"},
      {"PROXY UNKNOWN\r\n", "nobody"},
      {"PROXY UNKNOWN ffff::1 whatever 1 2\r\n", "nobody"},
      {v2('\x21', '\x11', v4_addresses), "192.0.2.1 56324"},
      {v2('\x21', '\x21', v6_addresses), "2001:db8::1 56324"},
      {v2('\x21', '\x11', v4_addresses + field('\x04', "padding") + ssl), "192.0.2.1 56324 secure"},
      {v2('\x21', '\x11', v4_addresses + field('\x20', "\0\0\0\0\0"s)), "192.0.2.1 56324"},
      {v2('\x21', '\x31', std::string(216, 'u')), "nobody"},
      {v2('\x21', '\x00', "anything"), "nobody"},
      {v2('\x20', '\x00', ""), "nobody"},
      {v2('\x20', '\x11', v4_addresses), "nobody"},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(read(bytes), expected) << quoted(bytes);
    EXPECT_EQ(parse_proxy_header(bytes + "GET / HTTP/1.1\r\n").size, bytes.size()) << quoted(bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(read(bytes.substr(0, size)), "incomplete") << size << " of " << quoted(bytes);
    }
  }
}

TEST(ProxyProtocol, RefusesEverythingElse) {
  const std::vector<std::string> cases = {
      "GET / HTTP/1.1\r\n",
      "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY\r\n",
      "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
      "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
      "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
      "PROXY UNKNOWNS\r\n",
      "PROXY UNKNOWN " + std::string(100, 'x'),
      "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n",
      v2('\x11', '\x11', v4_addresses),                                          // version 1 in binary
      v2('\x22', '\x11', v4_addresses),                                          // an unknown command
      v2('\x21', '\x12', v4_addresses),                                          // UDP
      v2('\x21', '\x41', v4_addresses),                                          // an unknown family
      v2('\x21', '\x11', v4_addresses.substr(1)),                                // too short for it
      v2('\x21', '\x21', v4_addresses),                                          // likewise
      v2('\x21', '\x11', v4_addresses + "\x04"s),                                // half a field
      v2('\x21', '\x11', v4_addresses + "\x04\x00\x05"s),                        // a field without its value
      v2('\x21', '\x11', v4_addresses + field('\x20', "\x01"s)),                 // a short PP2_TYPE_SSL
      v2('\x21', '\x11', v4_addresses + field('\x03', "\x01\x02\x03\x04"s)),     // a wrong checksum
      v2('\x21', '\x11', v4_addresses + field('\x04', std::string(5000, 'x'))),  // beyond the limit
  };
  for (const std::string& bytes : cases) {
    EXPECT_EQ(read(bytes), "malformed") << quoted(bytes);
  }
}

// The checksum is that of another implementation.
TEST(ProxyProtocol, ChecksTheChecksum) {
  std::string header = v2('\x21', '\x11', v4_addresses + field('\x03', "\x00\x00\x00\x00"s));
  ASSERT_EQ(header.size(), 35U);
  header.replace(31, 4, "\xD6\xC8\xC7\x5F"s);
  EXPECT_EQ(read(header), "192.0.2.1 56324");
  header[16] ^= 1;
  EXPECT_EQ(read(header), "malformed");
}

TestServerOptions behind_proxy(const std::string& trusted) {
  TestServerOptions options;
  options.front.trusted = *Networks::parse({trusted});
  options.proxied = true;
  return options;
}

constexpr const char* who = "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST(ProxyProtocol, ComesBeforeTheRequestInAnyPieces) {
  TestServer server(behind_proxy("127.0.0.1"));
  for (const std::string& header :
       {"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"s, v2('\x21', '\x11', v4_addresses)}) {
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{15}, header.size()}) {
      RawClient client(server.port());
      client.send(header.substr(0, cut));
      client.send(header.substr(cut) + who);
      EXPECT_NE(client.read_all().find("peer=192.0.2.1:56324 network=192.0.2.1 http://a"), std::string::npos)
          << quoted(header) << " cut at " << cut;
    }
  }
}

TEST(ProxyProtocol, TellsThatTheClientSpokeTls) {
  TestServer server(behind_proxy("127.0.0.1"));
  RawClient client(server.port());
  client.send(v2('\x21', '\x11', v4_addresses + ssl) + who);
  EXPECT_NE(client.read_all().find("https://a"), std::string::npos);
}

TEST(ProxyProtocol, AConnectionWithoutItIsClosed) {
  TestServer server(behind_proxy("127.0.0.1"));
  RawClient client(server.port());
  client.send(who);
  EXPECT_EQ(client.read_all(), "");
}

// The fields of its requests are somebody's whom the proxy only passed on.
TEST(ProxyProtocol, WithoutAClientNobodysWordCounts) {
  TestServer server(behind_proxy("127.0.0.1"));
  for (const std::string& header : {"PROXY UNKNOWN\r\n"s, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s}) {
    RawClient client(server.port());
    client.send(header +
                "GET /who HTTP/1.1\r\nHost: inside\r\nX-Forwarded-For: 192.0.2.1\r\n"
                "X-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n");
    const std::string answer = client.read_all();
    EXPECT_NE(answer.find("peer=127.0.0.1:"), std::string::npos) << answer;
    EXPECT_NE(answer.find("http://inside"), std::string::npos) << answer;
  }
}

TEST(ProxyProtocol, ComesFromTrustedAddressesOnly) {
  TestServer server(behind_proxy("192.0.2.0/24"));
  RawClient client(server.port());
  client.send("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"s + who);
  EXPECT_EQ(client.read_all(), "");
}

TEST(ProxyProtocol, LimitsCountTheClientsAndNotTheProxy) {
  TestServerOptions options = behind_proxy("127.0.0.1");
  options.limits.max_connections_per_address = 2;
  TestServer server(options);
  const auto connect = [&](const std::string& from) {
    auto client = std::make_unique<RawClient>(server.port());
    client->send("PROXY TCP4 " + from + " 192.0.2.2 1 2\r\nGET /who HTTP/1.1\r\nHost: a\r\n\r\n");
    return client;
  };
  std::vector<std::unique_ptr<RawClient>> clients;
  for (const char* from : {"192.0.2.1", "192.0.2.1", "192.0.2.3", "192.0.2.3", "192.0.2.4"}) {
    clients.push_back(connect(from));
    EXPECT_NE(clients.back()->read_response().find("200 OK"), std::string::npos) << from;
  }
  EXPECT_EQ(connect("192.0.2.1")->read_all(), "");
  clients.erase(clients.begin());
  // Counted off once the server has noticed.
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (connect("192.0.2.1")->read_response().find("200 OK") != std::string::npos) return;
  }
  FAIL() << "a connection that has ended still counts";
}

}  // namespace
}  // namespace wheelbarrow::http
