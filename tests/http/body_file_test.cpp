// Bodies that a handler wants, over both protocols.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/sha256.hpp"
#include "http/http2_client.hpp"
#include "http/raw_client.hpp"
#include "http/test_server.hpp"

namespace wheelbarrow::http {
namespace {

class BodyFiles : public testing::TestWithParam<const char*> {
 protected:
  // A file to send, of so many bytes that don't repeat.
  std::string file(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 7;
    for (char& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<char>(state >> 24);
    }
    std::ofstream(path_) << bytes;
    sha256_ = sha256(bytes).hex();
    return path_;
  }
  std::string send(const TestServer& server, const std::string& path, const std::string& more = "") {
    return run(std::string("curl -sS -m 60 ") + GetParam() + " " + more + " --data-binary @" + path +
               " -w \" %{http_code}\" " + server.plain() + "/received")
        .output;
  }
  // This curl doesn't read an answer of HTTP/2 that is followed by the reset of its stream.
  std::string refusal(const TestServer& server, const std::string& path, const std::string& more = "") {
    if (!is_http2()) return send(server, path, more);
    return run("nghttp -v -n -H \":method: POST\" " + more + " -d " + path + " " + server.plain() +
               "/received")
        .output;
  }
  static bool is_http2() { return std::string(GetParam()).find("http2") != std::string::npos; }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string path_ = testing::TempDir() + "body." + std::to_string(getpid());
  std::string sha256_;
};

TEST_P(BodyFiles, HoldWhatWasSent) {
  TestServer server({.max_received = 10'000'000});
  for (const std::size_t size : {0, 1, 1000, 65'535, 65'536, 10'000'000}) {
    const std::string path = file(size);
    EXPECT_EQ(send(server, path), std::to_string(size) + " " + sha256_ + " 200") << size;
  }
}

TEST_P(BodyFiles, AreOfOneRequestEach) {
  TestServer server({.max_received = 10'000'000});
  const std::string path = file(3'000'000);
  const std::string url = server.plain() + "/received";
  // This curl can't use a connection twice that it knows to be HTTP/2's; nghttp sends all at once.
  const std::string command = is_http2() ? "nghttp -m 3 -H \":method: POST\" -d " + path + " " + url
                                         : std::string("curl -sS -m 60 ") + GetParam() + " --data-binary @" +
                                               path + " " + url + " " + url + " " + url;
  const std::string answer = "3000000 " + sha256_;
  EXPECT_EQ(run(command).output, answer + answer + answer);
}

TEST_P(BodyFiles, AreRefusedBeforeTheyCome) {
  TestServer server({.max_received = 1'000});
  const std::string answer = refusal(server, file(500), "-H \"x-refused: 1\"");
  EXPECT_NE(answer.find("403"), std::string::npos) << answer;
}

TEST_P(BodyFiles, OfOtherPathsAreDropped) {
  TestServer server({.max_received = 1'000});
  const std::string path = file(50'000);
  const std::string command = std::string("curl -sS -m 60 ") + GetParam() + " --data-binary @" + path + " ";
  EXPECT_TRUE(run(command + server.plain() + "/echo").output.starts_with("POST\n"));
}

// Where the disk is full in the middle: a file may not be larger than so many bytes here.
TEST_P(BodyFiles, ThatHaveNoRoomAre507) {
  const std::string path = file(300'000);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  TestServer server({.max_received = 1'000'000});
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string answer = refusal(server, path);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_NE(answer.find("507"), std::string::npos) << answer;
  EXPECT_TRUE(send(server, path).ends_with(" 200"));
}

INSTANTIATE_TEST_SUITE_P(Over, BodyFiles,
                         testing::Values("--http1.1", "--http1.1 -H \"Transfer-Encoding: chunked\"",
                                         "--http2-prior-knowledge"));

// RFC 9110 10.1.1: nobody is told to send what is refused anyway.
TEST(BodyFile, IsAskedForOnlyIfItIsWanted) {
  TestServer server({.max_received = 1'000});
  const std::string head = "POST /received HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ";
  struct Case {
    const char* fields;
    const char* answer;
  };
  for (const Case& item :
       {Case{"5\r\n\r\n", "HTTP/1.1 100 "}, Case{"5\r\nx-refused: 1\r\n\r\n", "HTTP/1.1 403 "},
        Case{"1001\r\n\r\n", "HTTP/1.1 413 "}}) {
    RawClient client(server.port());
    client.send(head + item.fields);
    EXPECT_TRUE(client.read(13).starts_with(item.answer)) << item.fields;
  }
}

// A stream's memory is used again by other connections of its loop.
TEST(BodyFile, IsNeverAnotherRequests) {
  using namespace std::chrono_literals;
  TestServer server({.max_received = 1'000});
  RawClient first(server.port());
  first.send(h2::preface());
  first.send(h2::frame(h2::headers, h2::end_headers, 1,
                       h2::field(":method", "POST") + h2::field(":scheme", "http") +
                           h2::field(":path", "/wait?ms=60000") + h2::field(":authority", "h")) +
             h2::frame(h2::data, h2::end_stream, 1, "secret"));
  std::this_thread::sleep_for(200ms);
  first.send(h2::frame(h2::reset, 0, 1, std::string(3, '\0') + '\x08'));
  for (int i = 0; i < 500 && server.cancelled() == 0; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_EQ(server.cancelled(), 1);
  RawClient second(server.port());
  second.send(h2::preface());
  FrameReader reader(second);
  for (std::uint32_t stream = 1; stream < 9; stream += 2) {
    second.send(request(stream, h2::get("/received")));
    EXPECT_NE(body_of(reader, stream).find("\"status\":404"), std::string::npos) << stream;
  }
}

}  // namespace
}  // namespace wheelbarrow::http
