#include "web/assets.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/sha256.hpp"

namespace wheelbarrow::web {
namespace {

std::string file_content(const std::string& path) {
  std::ifstream file(std::string(WEB_FOLDER) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Assets, AreTheFilesByteForByte) {
  const struct {
    const char* path;
    const char* file;
    const char* media_type;
  } cases[] = {
      {"/client/wheelbarrow.mjs", "client/wheelbarrow.mjs", "text/javascript; charset=utf-8"},
      {"/client/bundle_list.mjs", "client/bundle_list.mjs", "text/javascript; charset=utf-8"},
      {"/client/bundle_stream.mjs", "client/bundle_stream.mjs", "text/javascript; charset=utf-8"},
      {"/client/download.mjs", "client/download.mjs", "text/javascript; charset=utf-8"},
      {"/client/replace.mjs", "client/replace.mjs", "text/javascript; charset=utf-8"},
      {"/client/tar.mjs", "client/tar.mjs", "text/javascript; charset=utf-8"},
      {"/client/extension_modules.mjs", "client/extension_modules.mjs", "text/javascript; charset=utf-8"},
      {"/client/site.mjs", "client/site.mjs", "text/javascript; charset=utf-8"},
      {"/client/error.mjs", "client/error.mjs", "text/javascript; charset=utf-8"},
      {"/client/gzip_file.mjs", "client/gzip_file.mjs", "text/javascript; charset=utf-8"},
      {"/client/sha256.mjs", "client/sha256.mjs", "text/javascript; charset=utf-8"},
      {"/client/page.mjs", "page.mjs", "text/javascript; charset=utf-8"},
      {"/client/page.css", "page.css", "text/css; charset=utf-8"},
  };
  EXPECT_EQ(all().size(), std::size(cases));
  for (const auto& [path, file, media_type] : cases) {
    const Asset* asset = find(path);
    ASSERT_NE(asset, nullptr) << path;
    EXPECT_EQ(asset->content, file_content(file)) << path;
    EXPECT_EQ(asset->sha256_hex, sha256(asset->content).hex()) << path;
    EXPECT_EQ(asset->media_type, media_type) << path;
  }
}

TEST(Assets, NothingElseIsFound) {
  for (const char* path : {"", "/", "/client/", "/client", "page.html", "/page.html", "/client/page.html",
                           "/client/wheelbarrow.mjs/", "client/wheelbarrow.mjs"}) {
    EXPECT_EQ(find(path), nullptr) << path;
  }
}

}  // namespace
}  // namespace wheelbarrow::web
