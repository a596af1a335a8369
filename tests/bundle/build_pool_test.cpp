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

constexpr Lane lanes[] = {Lane::quick, Lane::build, Lane::soon, Lane::leisure};

TEST(BuildPool, RunsEverything) {
  std::atomic<int> ran = 0;
  std::promise<void> all;
  BuildPool pool(3);  // last, so that its threads end before what they use
  for (int i = 0; i < 100; ++i) {
    for (const Lane lane : lanes) {
      pool.submit(lane, [&](const std::stop_token&) {
        if (++ran == 400) all.set_value();
      });
    }
  }
  all.get_future().wait();
  EXPECT_EQ(ran, 400);
}

TEST(BuildPool, NoLaneWaitsForAnother) {
  for (const Lane busy : lanes) {
    std::promise<void> release;
    const auto released = release.get_future().share();
    std::promise<void> done;
    std::atomic<int> ran = 0;
    BuildPool pool(1);
    pool.submit(busy, [&](const std::stop_token&) { released.wait(); });
    for (const Lane lane : lanes) {
      if (lane == busy) continue;
      pool.submit(lane, [&](const std::stop_token&) {
        if (++ran == 3) done.set_value();
      });
    }
    done.get_future().wait();
    EXPECT_EQ(pool.backlog(busy), 1U);
    release.set_value();
  }
}

TEST(BuildPool, DoesFirstWhatCameFirst) {
  std::vector<int> order;
  std::promise<void> release;
  std::promise<void> done;
  BuildPool pool(1);
  pool.submit(Lane::build, [&](const std::stop_token&) { release.get_future().wait(); });
  for (int i = 0; i < 5; ++i) {
    pool.submit(Lane::build, [&, i](const std::stop_token&) {
      order.push_back(i);
      if (i == 4) done.set_value();
    });
  }
  release.set_value();
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST(BuildPool, StopDropsWhatWaitsAndAsksWhatRunsToGiveUp) {
  std::promise<void> running;
  BuildPool pool(1);
  pool.submit(Lane::build, [&](const std::stop_token& stop) {
    running.set_value();
    while (!stop.stop_requested()) {
    }
  });
  running.get_future().wait();
  auto held = std::make_shared<int>(1);
  bool ran = false;
  pool.submit(Lane::build, [&ran, held](const std::stop_token&) { ran = true; });
  pool.stop();
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1) << "the dropped job is still there";
  pool.submit(Lane::build, [&ran](const std::stop_token&) { ran = true; });
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

TEST(SingleFlight, EndsWhenNobodyWaitsAnyMore) {
  SingleFlight<int> flights;
  std::vector<ErrorKind> errors;
  bool first_left = false;
  bool second_left = false;
  const auto note = [&](const Result<int>& result) {
    if (!result) errors.push_back(result.error().kind);
  };
  EXPECT_TRUE(flights.join("a", {note, [&] { return first_left; }}));
  EXPECT_FALSE(flights.join("a", {note, [&] { return second_left; }}));
  first_left = true;
  EXPECT_TRUE(flights.is_wanted("a"));
  EXPECT_FALSE(flights.abandon("a"));
  second_left = true;
  EXPECT_FALSE(flights.is_wanted("a"));
  EXPECT_TRUE(flights.abandon("a"));
  EXPECT_EQ(errors, (std::vector{ErrorKind::cancelled, ErrorKind::cancelled}));
  EXPECT_TRUE(flights.join("a", note)) << "who comes afterwards starts anew";
  EXPECT_FALSE(flights.abandon("a")) << "who can't leave waits";
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
