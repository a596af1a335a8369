#include "bundle/build_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "bundle/gather.hpp"
#include "bundle/lru_cache.hpp"
#include "bundle/single_flight.hpp"

namespace wheelbarrow::bundle {
namespace {

TEST(BuildPool, RunsEverything) {
  std::atomic<int> ran = 0;
  std::promise<void> all;
  BuildPool pool(3);  // last, so that its threads end before what they use
  for (int i = 0; i < 100; ++i) {
    const auto job = [&](const std::stop_token&) {
      if (++ran == 200) all.set_value();
    };
    pool.submit(job);
    pool.submit_background(job);
  }
  all.get_future().wait();
  EXPECT_EQ(ran, 200);
}

TEST(BuildPool, BackgroundWorkDoesNotHoldUpTheRest) {
  std::promise<void> release;
  auto released = release.get_future();
  std::promise<void> done;
  BuildPool pool(1);
  pool.submit_background([&](const std::stop_token&) { released.wait(); });
  pool.submit([&](const std::stop_token&) { done.set_value(); });
  done.get_future().wait();
  release.set_value();
}

TEST(BuildPool, StopDropsWhatWaitsAndAsksWhatRunsToGiveUp) {
  std::promise<void> running;
  BuildPool pool(1);
  pool.submit([&](const std::stop_token& stop) {
    running.set_value();
    while (!stop.stop_requested()) {
    }
  });
  running.get_future().wait();
  auto held = std::make_shared<int>(1);
  bool ran = false;
  pool.submit([&ran, held](const std::stop_token&) { ran = true; });
  pool.stop();
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1) << "the dropped job is still there";
  pool.submit([&ran](const std::stop_token&) { ran = true; });
  EXPECT_FALSE(ran);
}

TEST(SingleFlight, OnlyTheFirstStartsAndAllAreAnswered) {
  SingleFlight<int> flights;
  std::vector<int> answers;
  const auto note = [&](Result<int> result) { answers.push_back(result.value_or(-1)); };
  EXPECT_TRUE(flights.join("a", note));
  EXPECT_FALSE(flights.join("a", note));
  EXPECT_TRUE(flights.join("b", note));
  flights.land("a", 1);
  EXPECT_EQ(answers, (std::vector{1, 1}));
  flights.land("b", fail(ErrorKind::io, "gone"));
  EXPECT_EQ(answers, (std::vector{1, 1, -1}));
  EXPECT_TRUE(flights.join("a", note));
}

TEST(LruCache, ForgetsWhatWasUsedLongestAgo) {
  LruCache<int> cache(2);
  cache.put("a", 1);
  cache.put("b", 2);
  EXPECT_EQ(cache.get("a"), 1);
  cache.put("c", 3);
  EXPECT_EQ(cache.get("b"), std::nullopt);
  EXPECT_EQ(cache.get("a"), 1);
  cache.put("a", 4);
  EXPECT_EQ(cache.get("a"), 4);
}

TEST(Gather, GivesAllResultsInOrderOrTheFirstError) {
  std::vector<Callback<int>> waiting;
  const auto start = [&](std::size_t, Callback<int> done) { waiting.push_back(std::move(done)); };
  Result<std::vector<int>> result;
  const auto done = [&](Result<std::vector<int>> all) { result = std::move(all); };
  gather<int>(3, start, done);
  waiting[2](30);
  waiting[0](10);
  EXPECT_TRUE(result->empty());
  waiting[1](20);
  EXPECT_EQ(*result, (std::vector{10, 20, 30}));

  waiting.clear();
  gather<int>(2, start, done);
  waiting[1](fail(ErrorKind::io, "gone"));
  waiting[0](10);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "gone");
  gather<int>(0, start, done);
  EXPECT_TRUE(result);
}

}  // namespace
}  // namespace wheelbarrow::bundle
