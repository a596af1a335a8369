// Real clients: curl, nghttp, h2load, openssl.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

// How curl speaks each protocol, and to which listener.
struct Way {
  const char* name;
  std::string curl;
  std::string url;
};

std::vector<Way> ways(const TestServer& server) {
  return {
      {"1.1 clear", "curl -sS -m 60 --http1.1", server.plain()},
      {"1.0 clear", "curl -sS -m 60 --http1.0", server.plain()},
      {"2 prior knowledge", "curl -sS -m 60 --http2-prior-knowledge", server.plain()},
      {"2 by upgrade, ignored", "curl -sS -m 60 --http2", server.plain()},
      {"1.1 TLS", "curl -sS -m 60 -k --http1.1", server.tls()},
      {"2 TLS", "curl -sS -m 60 -k --http2", server.tls()},
      {"2 TLS 1.2", "curl -sS -m 60 -k --http2 --tls-max 1.2", server.tls()},
  };
}

TEST(Curl, SpeaksTheProtocolItAsksFor) {
  TestServer server({.tls = true});
  const std::vector<std::string> versions = {"1.1", "1.1", "2", "1.1", "1.1", "2", "2"};
  std::size_t i = 0;
  for (const Way& way : ways(server)) {
    const Ran ran = run(way.curl + " -w %{http_version} -o /dev/null " + way.url + "/hello");
    EXPECT_EQ(ran.output, versions[i++]) << way.name;
  }
}

TEST(Curl, GetsALargeRopeUnharmed) {
  TestServer server({.tls = true});
  for (const Way& way : ways(server)) {
    const Ran ran = run("set -o pipefail; " + way.curl + " " + way.url + "/rope | sha256sum");
    EXPECT_EQ(ran.code, 0) << way.name;
    EXPECT_EQ(ran.output.substr(0, 64), TestServer::rope_hash()) << way.name << " " << ran.output;
  }
}

TEST(Curl, GetsRangesThatAddUp) {
  TestServer server({.tls = true});
  for (const Way& way : ways(server)) {
    const std::string get = way.curl + " " + way.url + "/rope -r ";
    const Ran ran =
        run("(" + get + "0-33333332; " + get + "33333333-33333333; " + get + "33333334-) | sha256sum");
    EXPECT_EQ(ran.output.substr(0, 64), TestServer::rope_hash()) << way.name;
    const Ran two = run(way.curl + " -D - -o /dev/null -r 0-9,20-29 " + way.url + "/rope");
    EXPECT_NE(two.output.find("multipart/byteranges; boundary="), std::string::npos)
        << way.name << two.output;
    const Ran none = run(way.curl + " -D - -o /dev/null -r 100000000- " + way.url + "/rope");
    EXPECT_NE(none.output.find("content-range: bytes */100000000"), std::string::npos)
        << way.name << none.output;
    const Ran same =
        run(way.curl + " -w %{http_code} -H \"If-None-Match: \\\"rope\\\"\" " + way.url + "/rope");
    EXPECT_EQ(same.output, "304") << way.name;
  }
}

TEST(Curl, GetsNoBodyForHead) {
  TestServer server({.tls = true});
  for (const Way& way : ways(server)) {
    const Ran ran = run(way.curl + " -I " + way.url + "/rope");
    EXPECT_EQ(ran.code, 0) << way.name;
    EXPECT_NE(ran.output.find(" 200"), std::string::npos) << way.name;
    EXPECT_NE(ran.output.find("content-length: 100000000\r\n"), std::string::npos) << way.name << ran.output;
    EXPECT_TRUE(ran.output.ends_with("\r\n\r\n")) << way.name;
  }
}

TEST(Curl, PostsBodiesThatAreDropped) {
  TestServer server({.tls = true});
  for (const Way& way : ways(server)) {
    const Ran fits = run("head -c 65536 /dev/zero | " + way.curl + " --data-binary @- " + way.url + "/hello");
    EXPECT_EQ(fits.output, "hello\n") << way.name;
    const Ran chunked = run("echo x | " + way.curl + " -T - -X POST " + way.url + "/hello");
    if (std::string(way.name) != "1.0 clear") {
      EXPECT_EQ(chunked.output, "hello\n") << way.name;
    }
    // curl 7.88 takes the RST_STREAM that follows an early answer for a failure; http2_session_test has that
    // case.
    if (way.curl.find("--http1") == std::string::npos) continue;
    const Ran large = run("head -c 5000000 /dev/zero | " + way.curl +
                          " -w %{http_code} -o /dev/null --data-binary @- " + way.url + "/hello");
    EXPECT_EQ(large.output, "413") << way.name;
  }
}

TEST(Curl, AbortsMidDownloadAndNobodyMinds) {
  TestServer server({.tls = true});
  for (const Way& way : ways(server)) {
    for (int i = 0; i < 3; ++i) {
      run(way.curl + " " + way.url + "/rope | head -c 300000 > /dev/null");
    }
    EXPECT_EQ(run(way.curl + " " + way.url + "/hello").output, "hello\n") << way.name;
  }
}

TEST(Nghttp, GetsConcurrentStreams) {
  TestServer server({.tls = true});
  for (const std::string& url : {server.plain(), server.tls()}) {
    const Ran ran =
        run("nghttp -nsy -m 8 -w 20 -W 24 " + url + "/rope " + url + "/hello " + url + "/wait?ms=10");
    EXPECT_EQ(ran.code, 0) << ran.output;
    std::size_t succeeded = 0;
    for (std::size_t at = ran.output.find(" 200 "); at != std::string::npos;
         at = ran.output.find(" 200 ", at + 1)) {
      ++succeeded;
    }
    EXPECT_EQ(succeeded, 24U) << ran.output;
  }
}

TEST(H2load, GetsEverythingItAsksFor) {
  TestServer server({.tls = true, .threads = 2});
  struct Case {
    const char* options;
    std::string url;
    const char* succeeded;
  };
  const std::vector<Case> cases = {
      {"-n 5000 -c 10 -m 20", server.tls() + "/hello", "5000 succeeded"},
      {"-n 5000 -c 10 -m 100", server.plain() + "/hello", "5000 succeeded"},
      // 1000 streams, one after another, and as many at once as the server allows.
      {"-n 1000 -c 1 -m 1", server.plain() + "/hello", "1000 succeeded"},
      {"-n 1000 -c 2 -m 128", server.tls() + "/wait?ms=20", "1000 succeeded"},
      {"-n 2000 -c 10 --h1", server.plain() + "/hello", "2000 succeeded"},
      {"-n 6 -c 2 -m 3 -w 16 -W 16", server.tls() + "/rope", "6 succeeded"},
      {"-n 6 -c 2 -m 3 -w 30 -W 30", server.plain() + "/rope", "6 succeeded"},
  };
  for (const Case& item : cases) {
    const Ran ran = run(std::string("h2load ") + item.options + " " + item.url);
    EXPECT_NE(ran.output.find(item.succeeded), std::string::npos) << item.options << "\n" << ran.output;
    EXPECT_NE(ran.output.find(" 0 failed"), std::string::npos) << item.options << "\n" << ran.output;
  }
}

TEST(Openssl, NegotiatesWhatIsSafe) {
  Limits limits;
  limits.handshake_timeout = std::chrono::seconds(1);
  TestServer server({.limits = limits, .tls = true});
  const std::string address = server.tls().substr(8);
  struct Case {
    const char* options;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"-alpn h2,http/1.1", "ALPN protocol: h2"},
      {"-alpn http/1.1,h2", "ALPN protocol: h2"},
      {"-alpn http/1.1", "ALPN protocol: http/1.1"},
      {"-alpn spdy/3", "alert no application protocol"},
      {"", "No ALPN negotiated"},
      {"-tls1_3", "TLS_AES_128_GCM_SHA256"},
      {"-tls1_2", "ECDHE-ECDSA-AES"},
      {"-tls1_1 -cipher DEFAULT@SECLEVEL=0", "alert protocol version"},
      {"-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA", "alert handshake failure"},
  };
  for (const Case& item : cases) {
    const Ran ran =
        run(std::string("openssl s_client -connect ") + address + " " + item.options + " < /dev/null");
    EXPECT_NE(ran.output.find(item.expected), std::string::npos) << item.options << "\n" << ran.output;
  }
  // Something else than TLS, and nothing at all.
  const auto port = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
  RawClient clear(port);
  clear.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(clear.closed_within(std::chrono::seconds(5)));
  RawClient silent(port);
  EXPECT_TRUE(silent.closed_within(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace wheelbarrow::http
