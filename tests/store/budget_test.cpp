#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/store.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::store {
namespace {

// Names are one letter; each blob has 1000 bytes of it, a record 100.
class BudgetTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::uint64_t budget) {
    auto store =
        Store::open({.folder = folder.path(), .budget = budget, .over_budget = [this](const Error& error) {
                       over.push_back(error.text());
                     }});
    EXPECT_TRUE(store) << store.error().text();
    return std::move(*store);
  }
  static Blob put(Store& store, Rank rank, char name) {
    const std::string content(rank == Rank::record ? 100 : 1000, name);
    auto blob = store.put({&name, 1}, rank, std::as_bytes(std::span(content)));
    EXPECT_TRUE(blob) << blob.error().text();
    return std::move(*blob);
  }
  // What of "a" to "z" is there.
  std::string names() {
    const auto store = open(0);
    std::string found;
    for (char name = 'a'; name <= 'z'; ++name) {
      if (*store->find({&name, 1})) found += name;
    }
    return found;
  }

  test::TemporaryFolder folder;
  std::vector<std::string> over;
};

TEST_F(BudgetTest, WhatWasUsedLongestAgoGoesFirst) {
  {
    const auto store = open(5000);
    for (const char name : std::string("abcd")) {
      put(*store, Rank::derived, name);
    }
    ASSERT_TRUE(*store->find("a"));
    put(*store, Rank::derived, 'e');
    EXPECT_EQ(store->statistics()->blobs, 5U);  // just within
    put(*store, Rank::derived, 'f');
    EXPECT_EQ(store->statistics()->bytes, 4000U);  // a tenth below
  }
  EXPECT_EQ(names(), "adef");
}

TEST_F(BudgetTest, TheLowestRankGoesFirst) {
  {
    const auto store = open(4000);
    put(*store, Rank::spare, 'a');
    put(*store, Rank::derived, 'b');
    put(*store, Rank::record, 'c');
    put(*store, Rank::source, 'd');
    put(*store, Rank::spare, 'e');
  }
  EXPECT_EQ(names(), "bcde");
  {
    const auto store = open(1500);
    ASSERT_TRUE(store->collect());
  }
  EXPECT_EQ(names(), "cd");
  {
    const auto store = open(500);
    ASSERT_TRUE(store->collect());
  }
  EXPECT_EQ(names(), "c");
  EXPECT_TRUE(over.empty());
}

// A blob that two names share is worth what the more precious says, and is counted once.
TEST_F(BudgetTest, ASharedBlobHasTheHighestRank) {
  {
    const auto store = open(2500);
    const std::string content(1000, 'a');
    ASSERT_TRUE(store->put("a", Rank::source, std::as_bytes(std::span(content))));
    ASSERT_TRUE(store->put("b", Rank::spare, std::as_bytes(std::span(content))));
    put(*store, Rank::derived, 'c');
    EXPECT_EQ(store->statistics()->bytes, 2000U);
    put(*store, Rank::derived, 'd');
  }
  EXPECT_EQ(names(), "abd");
}

TEST_F(BudgetTest, WhatIsMappedStaysWhateverItsRank) {
  {
    const auto store = open(2500);
    const Blob sent = put(*store, Rank::spare, 'a');
    put(*store, Rank::source, 'b');
    put(*store, Rank::source, 'c');
    put(*store, Rank::source, 'd');
    EXPECT_EQ(sent.bytes.text(), std::string(1000, 'a'));
    EXPECT_TRUE(*store->find("a"));
  }
  EXPECT_EQ(names(), "ad");
  EXPECT_TRUE(over.empty());
}

TEST_F(BudgetTest, RecordsStayWhileAnythingElseIsThere) {
  {
    const auto store = open(2500);
    put(*store, Rank::record, 'a');
    const Blob sent = put(*store, Rank::spare, 'b');
    const Blob sent_too = put(*store, Rank::source, 'c');
    const Blob sent_last = put(*store, Rank::source, 'd');
    EXPECT_EQ(over.size(), 1U);
  }
  EXPECT_EQ(names(), "abcd");
}

TEST_F(BudgetTest, RecordsHaveAQuarter) {
  {
    const auto store = open(2000);
    for (const char name : std::string("abcdefg")) {
      put(*store, Rank::record, name);
    }
    put(*store, Rank::derived, 'h');
    EXPECT_EQ(store->statistics()->blobs, 8U);
    put(*store, Rank::derived, 'i');
  }
  EXPECT_EQ(names(), "defgi");
}

TEST_F(BudgetTest, ItIsSaidWhenEverythingIsInUse) {
  const auto store = open(2500);
  std::vector<Blob> sent;
  for (const char name : std::string("abc")) {
    sent.push_back(put(*store, Rank::derived, name));
  }
  ASSERT_EQ(over.size(), 1U);
  EXPECT_THAT(over.front(), testing::HasSubstr("in use"));
  EXPECT_EQ(store->statistics()->blobs, 3U);
  sent.clear();
  put(*store, Rank::derived, 'd');
  EXPECT_EQ(store->statistics()->bytes, 2000U);
}

// A memory of answers keeps everything mapped; it lets go of half at a time, before anything worth more goes.
TEST_F(BudgetTest, WhoRemembersIsAskedToLetGo) {
  const auto store = open(6500);
  std::vector<Blob> remembered;  // the latest last
  int asked = 0;
  store->on_pressure([&] {
    ++asked;
    remembered.erase(remembered.begin(),
                     remembered.begin() + static_cast<std::ptrdiff_t>((remembered.size() + 1) / 2));
  });
  put(*store, Rank::source, 'a');
  for (const char name : std::string("bcdefg")) {
    remembered.push_back(put(*store, Rank::derived, name));
  }
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(remembered.size(), 3U);
  EXPECT_TRUE(over.empty());
  std::string found;
  for (char name = 'a'; name <= 'z'; ++name) {
    if (*store->find({&name, 1})) found += name;
  }
  EXPECT_EQ(found, "adefg");
  store->on_pressure({});
}

TEST_F(BudgetTest, UsesAreRememberedAcrossOpenings) {
  {
    const auto store = open(0);
    for (const char name : std::string("abcd")) {
      put(*store, Rank::derived, name);
    }
  }
  {
    const auto store = open(0);
    ASSERT_TRUE(*store->find("a"));
  }
  {
    const auto store = open(2500);
    ASSERT_TRUE(store->collect());
  }
  EXPECT_EQ(names(), "ad");
}

}  // namespace
}  // namespace wheelbarrow::store
