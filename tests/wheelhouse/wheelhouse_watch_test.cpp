#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "wheelhouse/folder_watch.hpp"
#include "wheelhouse/wheel_builder.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::TemporaryFolder;
using test::WheelBuilder;

class WheelhouseWatchTest : public testing::Test {
 protected:
  WheelhouseWatchTest() { fs::create_directory(wheels_); }

  void start() {
    house_ = std::move(
        Wheelhouse::open(
            {.folders = {wheels_}, .optional_folders = {later_}, .pyodide = {}, .database = {}, .limits = {}})
            .value());
    const auto watched = house_->watch([this](const std::shared_ptr<const Catalog>& catalog) {
      const std::lock_guard lock(mutex_);
      latest_ = catalog;
      swapped_.notify_all();
    });
    ASSERT_TRUE(watched) << watched.error().text();
  }

  // Waits until a swapped-in catalog has exactly these projects and as many refusals.
  testing::AssertionResult becomes(const std::set<std::string>& projects, std::size_t refusals = 0) {
    std::unique_lock lock(mutex_);
    const bool reached = swapped_.wait_for(lock, 20s, [&] {
      return latest_ && names(*latest_) == projects && latest_->refusals().size() == refusals;
    });
    if (reached) {
      return testing::AssertionSuccess();
    }
    auto failure = testing::AssertionFailure() << "the catalog has";
    for (const std::string& name : names(*house_->catalog())) {
      failure << " " << name;
    }
    return failure << " and " << house_->catalog()->refusals().size() << " refusals";
  }

  static std::set<std::string> names(const Catalog& catalog) {
    std::set<std::string> found;
    for (const WheelPtr& wheel : catalog.wheels()) {
      found.insert(wheel->name());
    }
    return found;
  }

  TemporaryFolder folder_;
  fs::path wheels_ = folder_ / "wheels";
  fs::path later_ = folder_ / "dist";
  std::mutex mutex_;
  std::condition_variable swapped_;
  std::shared_ptr<const Catalog> latest_;
  std::unique_ptr<Wheelhouse> house_;  // last, so that its thread ends first
};

TEST_F(WheelhouseWatchTest, SeesAnOptionalFolderComeAndGo) {
  start();
  fs::create_directory(later_);
  WheelBuilder("a").write(later_);
  EXPECT_TRUE(becomes({"a"}));
  fs::remove_all(later_);
  EXPECT_TRUE(becomes({})) << "and nothing is refused";
}

TEST_F(WheelhouseWatchTest, TellsOfWhatSomebodySawWhoLookedAgain) {
  start();
  WheelBuilder("a").write(wheels_);
  ASSERT_TRUE(house_->rescan());
  const std::lock_guard lock(mutex_);
  ASSERT_TRUE(latest_);
  EXPECT_EQ(names(*latest_), std::set<std::string>{"a"}) << "before rescan() has returned";
}

TEST_F(WheelhouseWatchTest, SeesWheelsComeAndGo) {
  start();
  const auto a = WheelBuilder("a").write(wheels_);
  EXPECT_TRUE(becomes({"a"}));
  const auto outside = WheelBuilder("b").write(folder_.path());
  fs::rename(outside, wheels_ / outside.filename());
  EXPECT_TRUE(becomes({"a", "b"})) << "moved in";
  fs::remove(a);
  EXPECT_TRUE(becomes({"b"})) << "removed";
  fs::rename(wheels_ / outside.filename(), outside);
  EXPECT_TRUE(becomes({})) << "moved out";
}

TEST_F(WheelhouseWatchTest, SeesAWheelThatIsBuiltAnewInPlace) {
  WheelBuilder("demo").write(wheels_);
  start();
  const std::string second = WheelBuilder("demo").file("second.py", "").bytes();
  test::write_file(wheels_ / "demo-1.0-py3-none-any.whl", second);
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(
      swapped_.wait_for(lock, 20s, [&] { return latest_ && latest_->find(sha256(second)) != nullptr; }));
}

TEST_F(WheelhouseWatchTest, SeesMarksOfYankedWheelsComeChangeAndGo) {
  const auto mark = WheelBuilder("demo").write(wheels_).native() + ".yanked";
  start();
  const auto is_yanked = [&](const std::optional<std::string>& reason) {
    std::unique_lock lock(mutex_);
    return swapped_.wait_for(lock, 20s,
                             [&] { return latest_ && latest_->wheels().front()->yanked == reason; });
  };
  test::write_file(mark, "first");
  EXPECT_TRUE(is_yanked("first"));
  test::write_file(mark, "other");
  EXPECT_TRUE(is_yanked("other"));
  fs::remove(mark);
  EXPECT_TRUE(is_yanked(std::nullopt));
}

TEST_F(WheelhouseWatchTest, SeesNewFoldersAndWhatIsInThem) {
  start();
  fs::create_directories(wheels_ / "x" / "y");
  WheelBuilder("deep").write(wheels_ / "x" / "y");
  EXPECT_TRUE(becomes({"deep"}));
  WheelBuilder("later").write(wheels_ / "x" / "y");
  EXPECT_TRUE(becomes({"deep", "later"}));
  fs::create_directory(folder_ / "prepared");
  WheelBuilder("whole").write(folder_ / "prepared");
  fs::rename(folder_ / "prepared", wheels_ / "moved");
  EXPECT_TRUE(becomes({"deep", "later", "whole"}));
  fs::remove_all(wheels_ / "x");
  EXPECT_TRUE(becomes({"whole"}));
  fs::create_directory(wheels_ / "x");
  WheelBuilder("again").write(wheels_ / "x");
  EXPECT_TRUE(becomes({"again", "whole"})) << "a folder of the same name as one that was removed";
}

TEST_F(WheelhouseWatchTest, WaitsForAWheelThatIsBeingWritten) {
  start();
  const WheelBuilder wheel("slow");
  const std::string bytes = wheel.bytes();
  std::ofstream file(wheels_ / wheel.filename(), std::ios::binary);
  file.write(bytes.data(), 100).flush();
  EXPECT_TRUE(becomes({}, 1)) << "half a wheel is refused once it rests";
  file.write(bytes.data() + 100, static_cast<std::streamsize>(bytes.size() - 100));
  file.close();
  EXPECT_TRUE(becomes({"slow"}));
}

TEST_F(WheelhouseWatchTest, SeesWhatHappenedBeforeTheWatchBegan) {
  house_ = std::move(
      Wheelhouse::open({.folders = {wheels_}, .pyodide = {}, .database = {}, .limits = {}}).value());
  WheelBuilder("early").write(wheels_);
  ASSERT_TRUE(house_->watch([this](const std::shared_ptr<const Catalog>& catalog) {
    const std::lock_guard lock(mutex_);
    latest_ = catalog;
    swapped_.notify_all();
  }));
  EXPECT_TRUE(becomes({"early"}));
  EXPECT_FALSE(house_->watch([](const auto&) {})) << "a second watch";
}

TEST_F(WheelhouseWatchTest, SeesARootThatIsRemovedAndMadeAgain) {
  WheelBuilder("demo").write(wheels_);
  start();
  fs::remove_all(wheels_);
  EXPECT_TRUE(becomes({}, 1));
  fs::create_directory(wheels_);
  WheelBuilder("again").write(wheels_);
  EXPECT_TRUE(becomes({"again"}));
}

TEST_F(WheelhouseWatchTest, EndsPromptly) {
  start();
  std::this_thread::sleep_for(50ms);
  const auto begin = std::chrono::steady_clock::now();
  house_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(WheelhouseWatchTest, RescansFromEveryThread) {
  start();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 5; ++j) {
        WheelBuilder("p" + std::to_string(i) + std::to_string(j)).write(wheels_);
        EXPECT_TRUE(house_->rescan());
        EXPECT_NE(house_->catalog(), nullptr);
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(house_->rescan());
  EXPECT_EQ(house_->catalog()->wheels().size(), 20U);
}

TEST(FolderWatchTest, EveryKindWaitsAndStops) {
  for (auto make : {make_inotify_watch, make_idle_watch}) {
    const auto watch = make();
    ASSERT_NE(watch, nullptr);
    EXPECT_EQ(watch->wait(10ms), FolderWatch::Event::quiet);
    const std::jthread stopper([&] {
      std::this_thread::sleep_for(20ms);
      watch->stop();
    });
    EXPECT_EQ(watch->wait(std::nullopt), FolderWatch::Event::stopped);
    EXPECT_EQ(watch->wait(10s), FolderWatch::Event::stopped) << "also later";
  }
}

TEST(FolderWatchTest, InotifyTellsWhatItCovers) {
  const TemporaryFolder folder;
  const auto watch = make_inotify_watch();
  ASSERT_NE(watch, nullptr);
  const std::vector<fs::path> one{folder.path()};
  auto coverage = watch->watch(one);
  EXPECT_TRUE(coverage.complete);
  EXPECT_TRUE(coverage.grew);
  coverage = watch->watch(one);
  EXPECT_TRUE(coverage.complete);
  EXPECT_FALSE(coverage.grew);
  const std::vector<fs::path> two{folder.path(), folder / "absent"};
  EXPECT_FALSE(watch->watch(two).complete);
  test::write_file(folder / "file", "x");
  EXPECT_EQ(watch->wait(5s), FolderWatch::Event::changed);
  EXPECT_EQ(watch->wait(20ms), FolderWatch::Event::quiet);
  EXPECT_TRUE(watch->watch({}).complete);
  test::write_file(folder / "file", "y");
  EXPECT_EQ(watch->wait(50ms), FolderWatch::Event::quiet) << "a folder that is watched no more";
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
