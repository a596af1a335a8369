#include "base/file_stamp.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "temporary_folder.hpp"

namespace wheelbarrow {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FileStampTest : public testing::Test {
 protected:
  FileStampTest() { std::ofstream(path) << "one"; }
  FileStamp stamp() const { return stamp_of(path).value(); }

  test::TemporaryFolder folder;
  fs::path path = folder / "file";
};

TEST_F(FileStampTest, IsOfRegularFilesOnly) {
  EXPECT_TRUE(stamp_of(path));
  EXPECT_FALSE(stamp_of(folder.path()));
  EXPECT_FALSE(stamp_of(folder / "missing"));
}

TEST_F(FileStampTest, InWordsIsTheSameOnlyForEqualStamps) {
  std::set<std::string> words{to_string(stamp())};
  EXPECT_FALSE(words.insert(to_string(stamp())).second);
  for (std::int64_t FileStamp::* number : {&FileStamp::size, &FileStamp::seconds, &FileStamp::nanoseconds}) {
    FileStamp other = stamp();
    ++(other.*number);
    EXPECT_TRUE(words.insert(to_string(other)).second);
  }
  // The same digits, cut elsewhere.
  EXPECT_NE(to_string({.device = 1, .inode = 12}), to_string({.device = 11, .inode = 2}));
}

TEST_F(FileStampTest, IsSettledWhenTheClockHasLeftItBehind) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - 1s);
  EXPECT_TRUE(is_settled(stamp()));
  fs::last_write_time(path, fs::file_time_type::clock::now() + 1h);
  EXPECT_TRUE(is_settled(stamp())) << "a change now would have another time";
  FileStamp brand_new = stamp();
  const auto now = std::chrono::system_clock::now().time_since_epoch() + 5ms;
  brand_new.seconds = std::chrono::floor<std::chrono::seconds>(now).count();
  brand_new.nanoseconds = (now - std::chrono::floor<std::chrono::seconds>(now)).count();
  EXPECT_FALSE(is_settled(brand_new));
}

}  // namespace
}  // namespace wheelbarrow
