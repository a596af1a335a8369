// What the store does when the disk, the folder or the clock misbehaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <tuple>
#include <vector>

#include "store/fault_injection.hpp"
#include "store/store.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::store {
namespace {

namespace fs = std::filesystem;
using test::Fault;
using testing::HasSubstr;

constexpr long ten_years = 10L * 365 * 86'400;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class FaultTest : public testing::Test {
 protected:
  ~FaultTest() override {
    test::inject({});
    test::shift_clock(0);
  }
  std::unique_ptr<Store> open(std::uint64_t budget = 0) {
    auto store = Store::open({.folder = folder.path(),
                              .damaged = [this](const Error& error) { damages.push_back(error.text()); },
                              .budget = budget,
                              .over_budget = [this](const Error& error) { over.push_back(error.text()); }});
    EXPECT_TRUE(store) << store.error().text();
    return std::move(*store);
  }
  static std::string text(Store& store, std::string_view name) {
    const auto found = store.find(name);
    if (!found) return found.error().text();
    return *found ? std::string((*found)->bytes.text()) : "(none)";
  }

  test::TemporaryFolder folder;
  std::vector<std::string> damages, over;
};

class FailingWritesTest : public FaultTest, public testing::WithParamInterface<int> {};

// From every step on, every write fails: what was there is still given, what fails says why and leaves
// nothing.
TEST_P(FailingWritesTest, FailAndLeaveNothingWrong) {
  auto store = open();
  ASSERT_TRUE(store->put("old", Rank::source, bytes("old content")));
  ASSERT_TRUE(store->put("replaced", Rank::source, bytes("version 1")));
  test::inject({});
  ASSERT_TRUE(store->put("replaced", Rank::source, bytes("version 2")));
  const long steps = test::steps_taken();
  ASSERT_GT(steps, 5);
  std::string expected = "version 2";
  long failed = 0;
  for (long step = 0; step <= steps + 2; ++step) {
    const std::string next = "version of step " + std::to_string(step);
    test::inject({Fault::Kind::fail, step, GetParam()});
    const auto put = store->put("replaced", Rank::source, bytes(next));
    EXPECT_EQ(text(*store, "old"), "old content");
    if (put) {
      expected = next;
    } else {
      ++failed;
      EXPECT_EQ(put.error().kind, ErrorKind::io);
    }
    EXPECT_EQ(text(*store, "replaced"), expected) << "step " << step;
    test::inject({});
    EXPECT_EQ(text(*store, "replaced"), expected) << "step " << step;
  }
  EXPECT_GT(failed, 3);
  store.reset();
  store = open();
  EXPECT_EQ(text(*store, "old"), "old content");
  EXPECT_EQ(text(*store, "replaced"), expected);
  ASSERT_TRUE(store->collect());
  EXPECT_TRUE(fs::is_empty(folder / "tmp"));
  EXPECT_EQ(store->verify()->blobs, 2U);
  EXPECT_EQ(damages, std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Kinds, FailingWritesTest, testing::Values(ENOSPC, EIO, EROFS, EDQUOT),
                         [](const auto& error) { return strerrorname_np(error.param); });

TEST_F(FaultTest, AFullDiskIsNamed) {
  const auto store = open();
  test::inject({Fault::Kind::fail, 0, ENOSPC});
  const auto put = store->put("a", Rank::derived, bytes("content"));
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message, HasSubstr("No space left on device"));
  const auto writable = store->check_writable();
  ASSERT_FALSE(writable);
  EXPECT_THAT(writable.error().message, HasSubstr("No space left on device"));
}

TEST_F(FaultTest, AReadOnlyFolderIsRefusedAtTheStartWithTheReason) {
  ASSERT_TRUE(open()->put("a", Rank::derived, bytes("content")));
  test::inject({Fault::Kind::fail, 0, EROFS});
  const auto store = Store::open({.folder = folder.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::io);
  EXPECT_THAT(store.error().message, HasSubstr("Read-only file system"));
}

TEST_F(FaultTest, AFolderThatTurnsReadOnlyIsReadOn) {
  const auto store = open(1000);
  ASSERT_TRUE(store->put("a", Rank::derived, bytes("content")));
  test::inject({Fault::Kind::fail, 0, EROFS});
  for (int i = 0; i < 3000; ++i) {  // so often that uses would be written
    ASSERT_EQ(text(*store, "a"), "content");
  }
  EXPECT_FALSE(store->put("b", Rank::derived, bytes("other content")));
  EXPECT_FALSE(store->check_writable());
  EXPECT_TRUE(store->statistics());
  test::inject({});
  EXPECT_TRUE(store->put("b", Rank::derived, bytes("other content")));
}

// Evicting takes writes to the index, which a full disk may refuse: then nothing goes, and it is said.
TEST_F(FaultTest, ABudgetThatCannotBeKeptIsReported) {
  const auto store = open(10'000);
  for (const char* const name : {"a", "b"}) {
    ASSERT_TRUE(store->put(name, Rank::derived, bytes(std::string(4'000, *name))));
  }
  // Until the third is published, nothing fails.
  test::inject({});
  ASSERT_TRUE(store->put("a", Rank::derived, bytes(std::string(4'001, 'a'))));
  const long steps = test::steps_taken();
  bool reported = false;
  for (long step = 1; step < 2 * steps; ++step) {
    test::inject({Fault::Kind::fail, step, EIO});
    std::ignore =
        store->put("c", Rank::derived, bytes(std::string(4'000 + static_cast<std::size_t>(step), 'c')));
    test::inject({});
    for (const char* const name : {"a", "b", "c"}) {
      ASSERT_TRUE(store->find(name));
    }
    reported = reported || !over.empty();
  }
  EXPECT_TRUE(reported);
  EXPECT_TRUE(damages.empty());
}

// What was used last is counted, so it doesn't matter when that was.
TEST_F(FaultTest, AClockThatJumpsChangesNothing) {
  const std::string content(1'000, 'x');
  const long shifts[] = {0, -ten_years, 3 * ten_years, -2 * ten_years, 60, 0};
  {
    const auto store = open();
    int number = 0;
    for (const long shift : shifts) {
      test::shift_clock(shift);
      ASSERT_TRUE(
          store->put("n/" + std::to_string(number), Rank::derived, bytes(content + std::to_string(number))));
      ++number;
    }
    test::shift_clock(-ten_years);
    ASSERT_TRUE(*store->find("n/0"));
  }
  test::shift_clock(2 * ten_years);
  const auto store = open(4'500);  // of six; down to four
  ASSERT_TRUE(store->collect());
  std::vector<std::string> left;
  for (int i = 0; i < 6; ++i) {
    if (*store->find("n/" + std::to_string(i))) left.push_back(std::to_string(i));
  }
  EXPECT_THAT(left, testing::ElementsAre("0", "3", "4", "5"));
}

}  // namespace
}  // namespace wheelbarrow::store
