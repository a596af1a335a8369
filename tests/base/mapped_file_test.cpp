#include "base/mapped_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/file_stamp.hpp"
#include "cold_file.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow {
namespace {

TEST(MappedFile, KnowsWhereAPieceLies) {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder / "file";
  std::ofstream(path) << "0123456789";
  const auto mapped = map_file(path);
  ASSERT_TRUE(mapped);
  const auto place = file_of(mapped->part(3, 4));
  ASSERT_TRUE(place);
  EXPECT_EQ(*place->path, path);
  EXPECT_EQ(place->offset, 3U);
  EXPECT_FALSE(file_of(Slice::of("0123456789")));
  EXPECT_FALSE(file_of(Slice::of_static("0123456789")));
  EXPECT_EQ(map_file(folder / "none").error().kind, ErrorKind::not_found);
}

TEST(MappedFile, TellsWhatIsInMemoryAndReadsWhatIsNot) {
  const test::TemporaryFolder folder;
  const auto mapped = test::map_cold_file(folder / "file", std::string(3'000'000, 'x'));
  if (!mapped) GTEST_SKIP() << "this file system keeps everything in memory";
  const Slice piece = mapped->part(1'000'001, 1'500'000);
  EXPECT_FALSE(is_resident(piece));
  make_resident(piece);
  EXPECT_TRUE(is_resident(piece));
  EXPECT_TRUE(is_resident(Slice::of("memory")));
}

// A small file is asked about as a whole, and again after a while.
TEST(MappedFile, TellsTheSameOfASmallFile) {
  const test::TemporaryFolder folder;
  const auto mapped = test::map_cold_file(folder / "file", std::string(300'000, 'x'));
  if (!mapped) GTEST_SKIP() << "this file system keeps everything in memory";
  const Slice piece = mapped->part(200'001, 1000);
  EXPECT_FALSE(is_resident(piece));
  make_resident(piece);
  EXPECT_TRUE(is_resident(piece));
  make_resident(*mapped);
  EXPECT_TRUE(is_resident(*mapped));
  EXPECT_TRUE(is_resident(piece));
}

TEST(FileStamp, DiffersWhenAFileMayHaveChanged) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file") << "text";
  const auto stamp = stamp_of(folder / "file");
  EXPECT_EQ(stamp_of(folder / "file"), stamp);
  std::ofstream(folder / "other") << "text";
  EXPECT_NE(stamp_of(folder / "other"), stamp);
  std::ofstream(folder / "file") << "longer";
  EXPECT_NE(stamp_of(folder / "file"), stamp);
  EXPECT_EQ(stamp_of(folder.path()), std::nullopt);
}

}  // namespace
}  // namespace wheelbarrow
