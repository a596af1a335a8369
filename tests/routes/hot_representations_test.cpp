#include "routes/hot_representations.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "temporary_folder.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {
namespace {

using namespace std::chrono_literals;

http::Request get(const std::string& path) {
  http::Request request;
  request.method = "GET";
  request.path = path;
  return request;
}

http::Representation representation(const std::string& text) {
  http::Representation made;
  made.body = {Slice::of(text)};
  made.media_type = "text/plain";
  made.validators.etag = "\"" + text + "\"";
  return made;
}

std::string body_of(const http::ReadyResponse& response) {
  std::string text;
  for (const Slice& slice : response->body) {
    text += slice.text();
  }
  return text;
}

class HotRepresentationsTest : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_) << text; }

  test::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "file";
  std::shared_ptr<const wheelhouse::Catalog> catalog_ =
      std::make_shared<const wheelhouse::Catalog>(wheelhouse::Catalog::Parts{});
  HotRepresentations hot_;
};

TEST_F(HotRepresentationsTest, KeepNothingForRequestsOfAnUnusualSize) {
  write("text");
  for (const std::size_t size : {900U, 1100U}) {
    http::Request request = get("/file");
    request.fields.add("accept-encoding", std::string(size, 'a'));
    hot_.keep(request, representation("text"), file_, *stamp_of(file_));
    EXPECT_EQ(hot_.find(request, *catalog_) != nullptr, size == 900) << size;
  }
}

TEST_F(HotRepresentationsTest, GiveWhatWasKeptForTheSamePathAndCodings) {
  write("text");
  http::Request request = get("/file");
  EXPECT_EQ(hot_.find(request, *catalog_), nullptr);
  hot_.keep(request, representation("text"), file_, *stamp_of(file_));
  const auto found = hot_.find(request, *catalog_);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->status, 200U);
  EXPECT_EQ(found->fields.get("content-length"), "4");
  EXPECT_EQ(body_of(found), "text");
  EXPECT_EQ(hot_.find(get("/other"), *catalog_), nullptr);
  request.fields.add("accept-encoding", "gzip");
  EXPECT_EQ(hot_.find(request, *catalog_), nullptr);
}

TEST_F(HotRepresentationsTest, AnswerConditionsAndRanges) {
  write("text");
  hot_.keep(get("/file"), representation("text"), file_, *stamp_of(file_));
  http::Request request = get("/file");
  request.fields.add("if-none-match", "\"text\"");
  EXPECT_EQ(hot_.find(request, *catalog_)->status, 304U);
  request = get("/file");
  request.fields.add("if-match", "\"other\"");
  EXPECT_EQ(hot_.find(request, *catalog_)->status, 412U);
  request = get("/file");
  request.fields.add("range", "bytes=1-2");
  const auto part = hot_.find(request, *catalog_);
  EXPECT_EQ(part->status, 206U);
  EXPECT_EQ(body_of(part), "ex");
  request.method = "HEAD";  // RFC 9110 14.2: a range is for GET alone
  EXPECT_EQ(hot_.find(request, *catalog_)->status, 200U);
}

TEST_F(HotRepresentationsTest, ForgetAFileThatChanged) {
  write("text");
  hot_.keep(get("/file"), representation("text"), file_, *stamp_of(file_));
  write("longer");
  std::this_thread::sleep_for(60ms);
  EXPECT_EQ(hot_.find(get("/file"), *catalog_), nullptr);
  std::filesystem::remove(file_);
  EXPECT_EQ(stamp_of(file_), std::nullopt);
  EXPECT_EQ(hot_.find(get("/file"), *catalog_), nullptr);
}

TEST_F(HotRepresentationsTest, ForgetWhatAnEarlierCatalogHeld) {
  hot_.keep(get("/wheels/w"), representation("wheel"), catalog_);
  EXPECT_NE(hot_.find(get("/wheels/w"), *catalog_), nullptr);
  EXPECT_EQ(hot_.find(get("/wheels/w"), wheelhouse::Catalog({})), nullptr);
}

}  // namespace
}  // namespace wheelbarrow::routes
