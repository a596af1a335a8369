#include "routes/admission.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wheelbarrow::routes {
namespace {

// Begins a question and is done with it at once.
bool ask(ColdBuilds& builds, const std::string& client, const std::string& key) {
  return builds.begin(client, key).has_value();
}

TEST(ColdBuilds, EachClientHasItsOwn) {
  ColdBuilds builds(2);
  EXPECT_TRUE(ask(builds, "one", "a"));
  EXPECT_TRUE(ask(builds, "one", "b"));
  EXPECT_FALSE(ask(builds, "one", "c"));
  EXPECT_TRUE(ask(builds, "other", "c"));
  const auto refused = builds.begin("one", "d");
  ASSERT_FALSE(refused);
  EXPECT_GE(refused.error(), std::chrono::seconds(1));
  EXPECT_LE(refused.error(), std::chrono::seconds(30));
}

TEST(ColdBuilds, WhatIsBeingAnsweredCostsNothing) {
  ColdBuilds builds(1);
  {
    const auto first = builds.begin("one", "a");
    ASSERT_TRUE(first);
    const auto second = builds.begin("one", "a");
    EXPECT_TRUE(second);
    EXPECT_TRUE(ask(builds, "one", "a"));
    EXPECT_FALSE(ask(builds, "one", "b"));
  }
  EXPECT_FALSE(ask(builds, "one", "a"));
}

TEST(ColdBuilds, ATicketCanBeMoved) {
  ColdBuilds builds(1);
  auto first = builds.begin("one", "a");
  ASSERT_TRUE(first);
  {
    const ColdBuilds::Ticket moved = std::move(*first);
    EXPECT_TRUE(ask(builds, "one", "a"));
  }
  EXPECT_FALSE(ask(builds, "one", "a"));
}

TEST(ColdBuilds, RemembersSoManyClients) {
  ColdBuilds builds(1, 10);
  EXPECT_TRUE(ask(builds, "one", "a"));
  EXPECT_FALSE(ask(builds, "one", "b"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(ask(builds, "client" + std::to_string(i), "a"));
  }
  EXPECT_TRUE(ask(builds, "one", "b"));
}

TEST(ColdBuilds, NoLimitIsNone) {
  ColdBuilds builds(0);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(ask(builds, "one", std::to_string(i)));
  }
}

}  // namespace
}  // namespace wheelbarrow::routes
