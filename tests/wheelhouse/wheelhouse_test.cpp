#include "wheelhouse/wheelhouse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "wheelhouse/damaged_wheels.hpp"
#include "wheelhouse/wheel_builder.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::WheelBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> filenames(const Wheelhouse& house) {
  std::vector<std::string> names;
  for (const WheelPtr& wheel : house.catalog()->wheels()) {
    names.push_back(wheel->filename);
  }
  return names;
}

std::map<std::string, std::string> refusals(const Wheelhouse& house) {
  std::map<std::string, std::string> reasons;
  for (const Refusal& refusal : house.catalog()->refusals()) {
    reasons.emplace(refusal.path.filename().string(), refusal.reason);
  }
  return reasons;
}

class WheelhouseTest : public testing::Test {
 protected:
  WheelhouseTest() {
    fs::create_directory(wheels_);
    options_.folders = {wheels_};
    options_.database = folder_ / "known.sqlite";
  }
  std::unique_ptr<Wheelhouse> open() {
    auto house = Wheelhouse::open(options_);
    EXPECT_TRUE(house) << house.error().text();
    return house ? std::move(*house) : nullptr;
  }

  TemporaryFolder folder_;
  fs::path wheels_ = folder_ / "wheels";
  WheelhouseOptions options_;
};

TEST_F(WheelhouseTest, FindsWheelsAtEveryDepth) {
  fs::create_directories(wheels_ / "a" / "b" / "c");
  WheelBuilder("top").write(wheels_);
  WheelBuilder("deep").write(wheels_ / "a" / "b" / "c");
  test::write_file(wheels_ / "a" / "notes.txt", "not a wheel");
  test::write_file(wheels_ / "a" / ".partial-1.0-py3-none-any.whl", "half a whe");
  fs::create_directory_symlink(wheels_, wheels_ / "a" / "loop");
  fs::create_directory_symlink("..", wheels_ / "a" / "b" / "up");
  const auto house = open();
  EXPECT_THAT(filenames(*house), ElementsAre("deep-1.0-py3-none-any.whl", "top-1.0-py3-none-any.whl"));
  EXPECT_THAT(refusals(*house), IsEmpty());
  EXPECT_EQ(house->last_scan().read, 2U);
}

TEST_F(WheelhouseTest, FollowsLinksToFoldersAndFilesElsewhere) {
  fs::create_directories(folder_ / "elsewhere" / "sub");
  WheelBuilder("linked").write(folder_ / "elsewhere" / "sub");
  const auto file = WheelBuilder("single").write(folder_.path());
  fs::create_directory_symlink(folder_ / "elsewhere", wheels_ / "link");
  fs::create_symlink(file, wheels_ / "single-1.0-py3-none-any.whl");
  fs::create_symlink(folder_ / "nothing", wheels_ / "dangling-1.0-py3-none-any.whl");
  const auto house = open();
  EXPECT_THAT(filenames(*house), ElementsAre("linked-1.0-py3-none-any.whl", "single-1.0-py3-none-any.whl"));
  EXPECT_THAT(refusals(*house),
              ElementsAre(testing::Pair("dangling-1.0-py3-none-any.whl", HasSubstr("can't be examined"))));
}

TEST_F(WheelhouseTest, DamagedWheelsDisturbNothing) {
  WheelBuilder("good").write(wheels_);
  const auto damaged = test::damaged_wheels();
  for (const test::DamagedWheel& wheel : damaged) {
    test::write_file(wheels_ / wheel.filename, wheel.bytes);
  }
  const auto house = open();
  EXPECT_THAT(filenames(*house), ElementsAre("good-1.0-py3-none-any.whl"));
  const auto reasons = refusals(*house);
  EXPECT_EQ(reasons.size(), damaged.size());
  EXPECT_EQ(house->last_scan().refused, damaged.size());
  for (const test::DamagedWheel& wheel : damaged) {
    ASSERT_TRUE(reasons.contains(wheel.filename)) << wheel.filename;
    EXPECT_THAT(reasons.at(wheel.filename), HasSubstr(wheel.expected)) << wheel.filename;
  }
}

TEST_F(WheelhouseTest, FailsWhereAFolderIsNotThere) {
  options_.folders.push_back(folder_ / "absent");
  const auto house = Wheelhouse::open(options_);
  ASSERT_FALSE(house);
  EXPECT_EQ(house.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(house.error().text(), HasSubstr("absent"));
}

TEST_F(WheelhouseTest, AFolderThatCannotBeReadIsNamed) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may read every folder";
  }
  WheelBuilder("good").write(wheels_);
  fs::create_directory(wheels_ / "closed");
  fs::permissions(wheels_ / "closed", fs::perms::none);
  const auto house = open();
  fs::permissions(wheels_ / "closed", fs::perms::owner_all);
  EXPECT_THAT(filenames(*house), ElementsAre("good-1.0-py3-none-any.whl"));
  EXPECT_THAT(refusals(*house), ElementsAre(testing::Pair("closed", HasSubstr("can't be read"))));
}

TEST_F(WheelhouseTest, AFolderThatVanishesIsNamed) {
  WheelBuilder("good").write(wheels_);
  const auto house = open();
  fs::remove_all(wheels_);
  EXPECT_TRUE(house->rescan().value());
  EXPECT_THAT(filenames(*house), IsEmpty());
  EXPECT_THAT(refusals(*house), ElementsAre(testing::Pair("wheels", HasSubstr("can't be examined"))));
  fs::create_directory(wheels_);
  WheelBuilder("good").write(wheels_);
  EXPECT_TRUE(house->rescan().value());
  EXPECT_THAT(filenames(*house), ElementsAre("good-1.0-py3-none-any.whl"));
}

TEST_F(WheelhouseTest, ServesOneOfEachFileName) {
  options_.folders = {wheels_ / "z", wheels_ / "a"};
  for (const fs::path& folder : options_.folders) {
    fs::create_directory(folder);
  }
  WheelBuilder("twin").write(wheels_ / "z");
  WheelBuilder("twin").write(wheels_ / "a");
  WheelBuilder("rival").file("x.py", "first").write(wheels_ / "z");
  WheelBuilder("rival").file("x.py", "second").write(wheels_ / "a");
  const auto house = open();
  EXPECT_THAT(filenames(*house), ElementsAre("rival-1.0-py3-none-any.whl", "twin-1.0-py3-none-any.whl"));
  EXPECT_EQ(house->catalog()->wheels()[0]->path, wheels_ / "z" / "rival-1.0-py3-none-any.whl")
      << "the folder that was named first";
  ASSERT_EQ(house->catalog()->refusals().size(), 1U);
  EXPECT_EQ(house->catalog()->refusals()[0].path, wheels_ / "a" / "rival-1.0-py3-none-any.whl");
  EXPECT_THAT(house->catalog()->refusals()[0].reason, HasSubstr("comes first: " + (wheels_ / "z").string()));
}

TEST_F(WheelhouseTest, ARestartReadsNothing) {
  for (int i = 0; i < 20; ++i) {
    WheelBuilder("demo" + std::to_string(i)).write(wheels_);
  }
  const auto damaged = wheels_ / "damaged-1.0-py3-none-any.whl";
  test::write_file(damaged, "nonsense");
  test::make_older(damaged, 1);
  Sha256 id;
  {
    const auto house = open();
    EXPECT_EQ(house->last_scan().read, 21U);
    EXPECT_EQ(house->last_scan().remembered, 0U);
    id = house->catalog()->id();
  }
  const auto house = open();
  EXPECT_EQ(house->last_scan().read, 0U);
  EXPECT_EQ(house->last_scan().remembered, 21U);
  EXPECT_EQ(house->catalog()->id(), id);
  EXPECT_THAT(refusals(*house),
              ElementsAre(testing::Pair(damaged.filename().string(), "is not a zip archive (8 bytes)")));
}

TEST_F(WheelhouseTest, ReadsWhatChangedAndNothingElse) {
  WheelBuilder("steady").write(wheels_);
  const auto path = WheelBuilder("demo").write(wheels_);
  open();
  struct Change {
    const char* name;
    std::function<void()> make;
    std::size_t read;
  };
  const auto renamed = wheels_ / "demo-1.0-py2-none-any.whl";
  const std::vector<Change> changes{
      {"nothing", [] {}, 0},
      {"touch", [&] { test::make_older(path, 5); }, 1},
      {"rewrite in place", [&] { WheelBuilder("demo").file("more.py", "").write(wheels_); }, 1},
      {"replacement of equal size and age",
       [&] {
         const auto time = fs::last_write_time(path);
         const auto replacement = WheelBuilder("demo").file("lore.py", "").write(folder_.path());
         fs::last_write_time(replacement, time);
         fs::rename(replacement, path);
       },
       1},
      {"rename", [&] { fs::rename(path, renamed); }, 1},
      {"rename back", [&] { fs::rename(renamed, path); }, 1},
      {"removal", [&] { fs::remove(path); }, 0},
      {"return", [&] { WheelBuilder("demo").write(wheels_); }, 1},
  };
  for (const Change& change : changes) {
    change.make();
    EXPECT_EQ(open()->last_scan().read, change.read) << change.name;
    EXPECT_EQ(open()->last_scan().read, 0U) << "after " << change.name;
  }
  EXPECT_THAT(filenames(*open()), ElementsAre("demo-1.0-py3-none-any.whl", "steady-1.0-py3-none-any.whl"));
}

TEST_F(WheelhouseTest, ServersWithOneDatabaseLeaveEachOthersFilesAlone) {
  const auto other = folder_ / "other";
  for (const auto& [folder, name] : {std::pair(wheels_, "mine"), std::pair(other, "theirs")}) {
    fs::create_directories(folder);
    test::make_older(WheelBuilder(name).write(folder), 1);
    options_.folders = {folder};
    EXPECT_EQ(open()->last_scan().read, 1U);
  }
  options_.folders = {wheels_};
  EXPECT_EQ(open()->last_scan().read, 0U);
  fs::remove_all(other);
  EXPECT_EQ(open()->last_scan().read, 0U);
}

TEST_F(WheelhouseTest, OptionalFoldersComeFirstAndNeedNotBeThere) {
  const auto dist = folder_ / "dist";
  options_.optional_folders = {dist};
  WheelBuilder("demo").write(wheels_);
  const auto house = open();
  EXPECT_THAT(refusals(*house), IsEmpty());
  fs::create_directory(dist);
  const auto built = WheelBuilder("demo").file("more.py", "").write(dist);
  EXPECT_TRUE(house->rescan().value());
  ASSERT_EQ(house->catalog()->wheels().size(), 1U);
  EXPECT_EQ(house->catalog()->wheels().front()->path, built);
}

TEST_F(WheelhouseTest, RescanSwapsOnlyWhereSomethingChanged) {
  WheelBuilder("demo").write(wheels_);
  const auto house = open();
  const auto before = house->catalog();
  EXPECT_FALSE(house->rescan().value());
  EXPECT_EQ(house->catalog(), before);
  EXPECT_EQ(house->last_scan().read, 0U);
  const auto path = WheelBuilder("more").write(wheels_);
  EXPECT_TRUE(house->rescan().value());
  EXPECT_EQ(house->last_scan().read, 1U);
  EXPECT_EQ(house->last_scan().remembered, 1U);
  EXPECT_THAT(filenames(*house), ElementsAre("demo-1.0-py3-none-any.whl", "more-1.0-py3-none-any.whl"));
  EXPECT_EQ(before->wheels().size(), 1U) << "whoever holds a catalog keeps seeing the same wheels";
  test::write_file(path, "damaged");
  EXPECT_TRUE(house->rescan().value());
  EXPECT_THAT(filenames(*house), ElementsAre("demo-1.0-py3-none-any.whl"));
  test::write_file(path, "damaged otherwise");
  EXPECT_TRUE(house->rescan().value()) << "the reason changed";
}

// A file that is written twice within one tick of the kernel's clock may keep its status, and a verdict on
// the first content must not stick to the second.
TEST_F(WheelhouseTest, DoesNotTrustTheStatusOfAFileThatIsBrandNew) {
  const auto path = WheelBuilder("demo").write(wheels_);
  const auto future = fs::last_write_time(path) + std::chrono::hours(1);
  fs::last_write_time(path, future);
  const auto house = open();
  EXPECT_FALSE(house->rescan().value());
  EXPECT_EQ(house->last_scan().read, 1U);
}

TEST_F(WheelhouseTest, WorksWithoutADatabase) {
  options_.database.clear();
  WheelBuilder("demo").write(wheels_);
  const auto house = open();
  EXPECT_FALSE(house->rescan().value());
  EXPECT_EQ(house->last_scan().read, 0U) << "what is known is remembered in memory too";
  EXPECT_EQ(open()->last_scan().read, 1U);
}

TEST_F(WheelhouseTest, StartsBesideADatabaseThatIsNone) {
  WheelBuilder("demo").write(wheels_);
  test::write_file(options_.database, std::string(5000, 'x'));
  const auto house = open();
  EXPECT_THAT(filenames(*house), ElementsAre("demo-1.0-py3-none-any.whl"));
  EXPECT_THAT(refusals(*house), ElementsAre(testing::Pair("known.sqlite", HasSubstr("not a database"))));
}

TEST_F(WheelhouseTest, StartsBesideADatabaseThatIsDamaged) {
  for (int i = 0; i < 30; ++i) {
    WheelBuilder("demo" + std::to_string(i)).write(wheels_);
  }
  open();
  const auto size = fs::file_size(options_.database);
  {
    std::fstream file(options_.database, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uintmax_t at = 4096; at < size; at += 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write(std::string(200, '\xee').data(), 200);
    }
  }
  const auto house = open();
  EXPECT_EQ(house->catalog()->wheels().size(), 30U);
  EXPECT_EQ(house->last_scan().read, 30U);
  EXPECT_TRUE(refusals(*house).contains("known.sqlite"));
}

TEST_F(WheelhouseTest, StartsBesideADatabaseThatIsLocked) {
  WheelBuilder("demo").write(wheels_);
  open();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(options_.database.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto house = open();
  EXPECT_THAT(filenames(*house), ElementsAre("demo-1.0-py3-none-any.whl"));
  EXPECT_THAT(refusals(*house), ElementsAre(testing::Pair("known.sqlite", HasSubstr("locked"))));
  sqlite3_close(other);
  EXPECT_THAT(refusals(*open()), IsEmpty());
}

TEST_F(WheelhouseTest, AnyNumberOfThreadsGivesTheSameCatalog) {
  options_.database.clear();
  for (int i = 0; i < 30; ++i) {
    WheelBuilder("demo" + std::to_string(i)).write(wheels_);
  }
  options_.threads = 1;
  const Sha256 id = open()->catalog()->id();
  for (const unsigned threads : {0U, 2U, 8U, 100U}) {
    options_.threads = threads;
    EXPECT_EQ(open()->catalog()->id(), id) << threads << " threads";
  }
}

TEST_F(WheelhouseTest, TellsHowFarReadingIs) {
  for (const char* const name : {"a", "b", "c"}) {
    WheelBuilder(name).write(wheels_);
  }
  std::vector<std::pair<std::size_t, std::size_t>> told;
  options_.threads = 1;
  options_.progress_interval = {};
  options_.progress = [&](std::size_t read, std::size_t of) { told.emplace_back(read, of); };
  open();
  EXPECT_THAT(told, ElementsAre(std::pair(1, 3), std::pair(2, 3), std::pair(3, 3)));
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
