#include "bundle/tar.hpp"

#include <gtest/gtest.h>

#include "bundle/untar.hpp"

namespace wheelbarrow::bundle {
namespace {

using test::untar;

std::string archive_of(std::string_view path, std::string content, unsigned mode = 0644) {
  std::string tar = tar_header(path, content.size(), mode) + content;
  tar.resize(round_up_to_block(tar.size()) + tar_end_size);
  return tar;
}

TEST(Tar, IsReadBackByLibarchive) {
  const std::string paths[] = {
      "a",
      "numpy/__init__.py",
      std::string(100, 'n'),
      std::string(101, 'n'),                                // no slash to split at: pax
      std::string(155, 'p') + "/" + std::string(100, 'n'),  // as much as ustar holds
      std::string(156, 'p') + "/" + std::string(100, 'n'),  // one more: pax
      std::string(50, 'p') + "/" + std::string(60, 'q') + "/" + std::string(80, 'n'),
      "f\xc3\xbcr/\xe6\x97\xa5\xe6\x9c\xac.py",  // UTF-8: pax
      std::string(1000, 'd') + "/" + std::string(1000, 'n'),
  };
  for (const std::string& path : paths) {
    const auto entries = untar(archive_of(path, "content\n"));
    ASSERT_EQ(entries.size(), 1U) << path;
    EXPECT_EQ(entries[0].path, path);
    EXPECT_EQ(entries[0].content, "content\n") << path;
    EXPECT_EQ(entries[0].mtime, static_cast<std::int64_t>(tar_mtime));
    const std::string archive = archive_of(path, "content\n");
    std::string_view rest = archive;
    const auto file = take_tar_file(rest);
    ASSERT_TRUE(file) << path;
    EXPECT_EQ(file->path, path);
    EXPECT_EQ(file->content, "content\n") << path;
    EXPECT_EQ(rest.size(), tar_end_size) << path;
    EXPECT_FALSE(take_tar_file(rest)) << path;
  }
}

TEST(Tar, KeepsMode) {
  EXPECT_EQ(untar(archive_of("a", "", 0644))[0].mode, 0644U);
  EXPECT_EQ(untar(archive_of("a", "", 0755))[0].mode, 0755U);
}

TEST(Tar, HeadersAreWholeBlocks) {
  for (const std::size_t length : {1U, 100U, 101U, 255U, 256U, 4000U}) {
    EXPECT_EQ(tar_header(std::string(length, 'x'), 1, 0644).size() % tar_block, 0U) << length;
  }
}

TEST(Tar, HoldsSizesBeyondUstar) {
  const std::uint64_t size = 1ULL << 34;
  const std::string header = tar_header("big", size, 0644);
  EXPECT_NE(header.find(" size=17179869184\n"), std::string::npos);
  EXPECT_EQ(tar_header("big", (1ULL << 33) - 1, 0644).size(), tar_block);
}

}  // namespace
}  // namespace wheelbarrow::bundle
