// Bodies that are still on disk when they are asked for.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/sha256.hpp"
#include "cold_file.hpp"
#include "http/problem.hpp"
#include "http/test_server.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::http {
namespace {

class ColdFiles : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < content_.size(); ++i) {
      content_[i] = static_cast<char>((i * 2654435761U) >> 24);
    }
    if (!test::map_cold_file(folder_ / "probe", content_))
      GTEST_SKIP() << "this file system keeps everything in memory";
    ServerOptions options;
    options.plain_listeners = {"127.0.0.1:0"};
    options.tls_listeners = {"127.0.0.1:0"};
    options.certificate = folder_ / "cert.pem";
    options.private_key = folder_ / "key.pem";
    ASSERT_TRUE(make_self_signed_certificate(options.certificate, options.private_key));
    auto started = Server::start(options, [this](const Request& request) -> Answer {
      Response response;
      // A file of its own, because what somebody has mapped stays in memory.
      const std::filesystem::path file = folder_ / std::to_string(requests_++);
      const auto slice = test::map_cold_file(file, content_);
      if (!slice) return make_ready(problem(500, "not cold"));
      if (request.path == "/gone") std::filesystem::remove(file);
      response.body = {Slice::of("<"), *slice, Slice::of(">")};
      return make_ready(std::move(response));
    });
    ASSERT_TRUE(started) << started.error().text();
    server_ = std::move(*started);
  }

  // The SHA-256 of what a curl with these options gets.
  std::string get(const std::string& options, const std::string& path, bool tls = false) {
    const auto& endpoints = tls ? server_->tls_endpoints() : server_->plain_endpoints();
    return run("curl -sSk -m 30 " + options + (tls ? " https" : " http") +
               "://127.0.0.1:" + std::to_string(endpoints.at(0).port()) + path + " | sha256sum")
        .output.substr(0, 64);
  }

  test::TemporaryFolder folder_;
  std::string content_ = std::string(5'000'000, '\0');
  int requests_ = 0;
  std::unique_ptr<Server> server_;
};

TEST_F(ColdFiles, ArriveWholeOverEveryProtocol) {
  const std::string whole = sha256("<" + content_ + ">").hex();
  EXPECT_EQ(get("--http1.1", "/"), whole);
  EXPECT_EQ(get("--http2-prior-knowledge", "/"), whole);
  EXPECT_EQ(get("--http1.1", "/", true), whole);
  EXPECT_EQ(get("--http2", "/", true), whole);
}

// A file that leaves the store while it is being sent is still what its mapping says.
TEST_F(ColdFiles, MayLeaveTheirFolderMeanwhile) {
  const std::string whole = sha256("<" + content_ + ">").hex();
  EXPECT_EQ(get("--http1.1", "/gone"), whole);
  EXPECT_EQ(get("--http2-prior-knowledge", "/gone"), whole);
}

}  // namespace
}  // namespace wheelbarrow::http
