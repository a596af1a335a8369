// Starting and stopping.
#include "http/server.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

Answer nothing(const Request& /*request*/) {
  return make_ready({});
}

std::filesystem::path fresh_folder(const std::string& name) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("server_test." + name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(Server, RefusesWrongOptionsWithAReason) {
  const std::filesystem::path folder = fresh_folder("options");
  std::ofstream(folder / "not.pem") << "not PEM";
  ASSERT_TRUE(make_self_signed_certificate(folder / "a.pem", folder / "a.key"));
  ASSERT_TRUE(make_self_signed_certificate(folder / "b.pem", folder / "b.key"));
  TestServer other;
  const std::string taken = "127.0.0.1:" + std::to_string(other.port());
  struct Case {
    std::function<void(ServerOptions&)> change;
    std::string reason;
  };
  const auto plain = [](const std::string& address) {
    return [address](ServerOptions& options) { options.plain_listeners = {address}; };
  };
  const auto tls = [folder](const std::string& certificate, const std::string& key) {
    return [=](ServerOptions& options) {
      options.tls_listeners = {"127.0.0.1:0"};
      options.certificate = folder / certificate;
      options.private_key = folder / key;
    };
  };
  const std::vector<Case> cases = {
      {[](ServerOptions&) {}, "no listening address"},
      {[](ServerOptions& options) {
         options.plain_listeners = {"127.0.0.1:0"};
         options.threads = 0;
       },
       "thread"},
      {plain("8080"), "ADDRESS:PORT"},
      {plain("127.0.0.1:"), "port"},
      {plain("127.0.0.1:65536"), "port"},
      {plain("127.0.0.1:http"), "port"},
      {plain("::1:80"), "brackets"},
      {plain("[127.0.0.1]:80"), "brackets"},
      {plain("no.such.host.invalid:80"), "no address"},
      {plain("192.0.2.1:0"), "192.0.2.1"},
      {plain(taken), std::to_string(other.port())},
      {tls("missing.pem", "a.key"), "certificate"},
      {tls("not.pem", "a.key"), "certificate"},
      {tls("a.pem", "missing.key"), "private key"},
      {tls("a.pem", "b.key"), "belongs to another certificate"},
  };
  for (const Case& item : cases) {
    ServerOptions options;
    item.change(options);
    const auto started = Server::start(options, nothing);
    ASSERT_FALSE(started) << "expected: " << item.reason;
    EXPECT_NE(started.error().text().find(item.reason), std::string::npos)
        << "expected: " << item.reason << ", got: " << started.error().text();
  }
}

TEST(Server, SharesAPickedPortAmongThreadsAndAddresses) {
  ServerOptions options;
  options.plain_listeners = {"localhost:0", "[::1]:0", ":0"};
  options.threads = 3;
  const auto started = Server::start(options, nothing);
  ASSERT_TRUE(started) << started.error().text();
  const auto& endpoints = (*started)->plain_endpoints();
  ASSERT_GE(endpoints.size(), 3U);
  EXPECT_EQ(endpoints[0].address().to_string(), "127.0.0.1");
  if (endpoints.size() == 4) {
    EXPECT_EQ(endpoints[1].address().to_string(), "::1");
    EXPECT_EQ(endpoints[1].port(), endpoints[0].port());
  }
  for (const auto& endpoint : endpoints) {
    EXPECT_NE(endpoint.port(), 0);
  }
  // The wildcard takes IPv4 as well.
  RawClient client(endpoints.back().port());
  client.send(get_hello);
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 200"));
}

TEST(Server, AnswersOnEveryThread) {
  TestServer server({.threads = 4});
  for (int i = 0; i < 100; ++i) {
    RawClient client(server.port());
    client.send(get_hello);
    ASSERT_TRUE(client.read_response().ends_with("hello\n")) << i;
  }
}

TEST(Server, ClosesConnectionsOverTheLimit) {
  Limits limits;
  limits.max_connections = 2;
  TestServer server({.limits = limits, .threads = 2});
  auto first = std::make_unique<RawClient>(server.port());
  RawClient second(server.port());
  for (RawClient* client : {first.get(), &second}) {
    client->send(get_hello);
    EXPECT_TRUE(client->read_response().ends_with("hello\n"));
  }
  RawClient third(server.port());
  EXPECT_TRUE(third.closed_within(5s));
  first.reset();
  // The place is free once the server has noticed.
  const auto deadline = Clock::now() + 5s;
  std::string answer;
  while (answer.empty() && Clock::now() < deadline) {
    RawClient fourth(server.port());
    fourth.send(get_hello);
    answer = fourth.read_response();
  }
  EXPECT_TRUE(answer.ends_with("hello\n")) << answer;
}

TEST(Server, StopLetsRunningRequestsFinish) {
  TestServer server;
  RawClient http1(server.port());
  RawClient http2(server.port());
  RawClient idle(server.port());
  http1.send("GET /wait?ms=500 HTTP/1.1\r\nHost: h\r\n\r\n");
  http2.send(h2::preface() +
             h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::get("/wait?ms=500")));
  idle.send(get_hello);
  idle.read_response();
  std::this_thread::sleep_for(200ms);
  const auto start = Clock::now();
  std::thread stopper([&] { server.server().stop(60s); });
  FrameReader reader(http2);
  EXPECT_EQ(reader.next(h2::goaway).type, h2::goaway);
  EXPECT_EQ(reader.next(h2::data).payload, "waited");
  const std::string response = http1.read_response();
  EXPECT_TRUE(response.ends_with("waited")) << response;
  EXPECT_NE(response.find("connection: close"), std::string::npos);
  EXPECT_TRUE(idle.closed_within(5s));
  EXPECT_TRUE(http1.closed_within(5s));
  EXPECT_TRUE(http2.closed_within(5s));
  stopper.join();
  EXPECT_LT(Clock::now() - start, 30s);
  EXPECT_EQ(server.cancelled(), 0);
  EXPECT_THROW(RawClient(server.port()), std::runtime_error);
  server.server().stop();
}

TEST(Server, StopCutsWhatLastsLongerThanItsGrace) {
  TestServer server({.threads = 2});
  RawClient waiting(server.port());
  waiting.send("GET /wait?ms=60000 HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient waiting2(server.port());
  waiting2.send(h2::preface() +
                h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::get("/wait?ms=60000")));
  RawClient downloading(server.port(), 4096);
  downloading.send("GET /rope HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(downloading.read(100'000).size(), 100'000U);
  std::this_thread::sleep_for(200ms);
  const auto start = Clock::now();
  server.server().stop(300ms);
  EXPECT_GE(Clock::now() - start, 300ms);
  EXPECT_LT(Clock::now() - start, 30s);
  EXPECT_TRUE(waiting.closed_within(5s));
  EXPECT_TRUE(waiting2.closed_within(5s));
  EXPECT_LT(downloading.read_all(5s).size(), TestServer::rope_size());
  EXPECT_EQ(server.cancelled(), 2);
}

TEST(Certificate, IsForThisMachineAndKeptOnceMade) {
  const std::filesystem::path folder = fresh_folder("certificate");
  const std::filesystem::path certificate = folder / "cert.pem";
  const std::filesystem::path key = folder / "key.pem";
  const auto made = make_self_signed_certificate(certificate, key);
  ASSERT_TRUE(made) << made.error().text();
  struct stat status{};
  ASSERT_EQ(::stat(key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const Ran shown = run("openssl x509 -noout -text -in " + certificate.string());
  for (const char* expected : {"DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
                               "TLS Web Server Authentication", "prime256v1", "CA:FALSE"}) {
    EXPECT_NE(shown.output.find(expected), std::string::npos) << expected << " in\n" << shown.output;
  }
  const Ran verified = run("openssl verify -CAfile " + certificate.string() + " -verify_hostname localhost " +
                           certificate.string());
  EXPECT_EQ(verified.code, 0) << verified.output;
  const auto written = std::filesystem::last_write_time(certificate);
  ASSERT_TRUE(make_self_signed_certificate(certificate, key));
  EXPECT_EQ(std::filesystem::last_write_time(certificate), written);
  EXPECT_FALSE(make_self_signed_certificate(folder / "no/cert.pem", folder / "no/key.pem"));
}

}  // namespace
}  // namespace wheelbarrow::http
