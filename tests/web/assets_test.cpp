#include "web/assets.hpp"

#include <cstddef>
#include <filesystem>
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

TEST(Assets, AreTheFoldersFilesByteForByte) {
  const std::filesystem::path folder = WEB_FOLDER;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension != ".mjs" && extension != ".css") continue;
    ++count;
    const std::string name = std::filesystem::relative(entry.path(), folder).generic_string();
    const bool is_loader = name.starts_with("client/");
    const std::string path = (is_loader ? "/" : "/client/") + name;
    const Asset* asset = find(path);
    ASSERT_NE(asset, nullptr) << path << " is missing in server/web/CMakeLists.txt";
    EXPECT_TRUE(asset->content == file_content(name)) << path;
    EXPECT_EQ(asset->sha256_hex, sha256(asset->content).hex()) << path;
    EXPECT_EQ(asset->media_type,
              (extension == ".css" ? "text/css" : "text/javascript") + std::string("; charset=utf-8"));
    EXPECT_EQ(asset->is_loader, is_loader) << path;
  }
  EXPECT_GT(count, 10U);
  EXPECT_EQ(all().size(), count);
}

TEST(Assets, NothingElseIsFound) {
  for (const char* path : {"", "/", "/client/", "/client", "page.html", "/page.html", "/client/page.html",
                           "/client/wheelbarrow.mjs/", "client/wheelbarrow.mjs"}) {
    EXPECT_EQ(find(path), nullptr) << path;
  }
}

}  // namespace
}  // namespace wheelbarrow::web
