// verify() and collect(), the index of earlier versions, and two processes on one folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "store/store.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class UpkeepTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::uint64_t budget = 0) {
    auto store = Store::open({.folder = folder.path(),
                              .damaged = [this](const Error& error) { damages.push_back(error.text()); },
                              .budget = budget});
    EXPECT_TRUE(store) << store.error().text();
    return std::move(*store);
  }
  static std::string text(Store& store, std::string_view name) {
    const auto found = store.find(name);
    if (!found) return found.error().text();
    return *found ? std::string((*found)->bytes.text()) : "(none)";
  }
  void execute(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder / "names.sqlite").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  // Runs `work` in a process of its own; it returns whether all went well.
  static pid_t start(const std::function<bool()>& work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work() ? 0 : 1);
    return child;
  }
  static void expect_success(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }

  test::TemporaryFolder folder;
  std::vector<std::string> damages;
};

TEST_F(UpkeepTest, VerifyDropsTheDamagedAndSaysWhy) {
  const auto store = open();
  ASSERT_TRUE(store->put("good", Rank::derived, bytes("good content")));
  const auto flipped = store->put("flipped", Rank::derived, bytes("flipped content"));
  const auto shortened = store->put("short", Rank::derived, bytes("shortened content"));
  const auto gone = store->put("gone", Rank::derived, bytes("content that goes"));
  ASSERT_TRUE(flipped && shortened && gone);
  ASSERT_TRUE(store->put("gone too", Rank::record, bytes("content that goes")));
  fs::permissions(flipped->path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(flipped->path) << "fLipped content";
  fs::resize_file(shortened->path, 4);
  fs::remove(gone->path);
  auto verified = store->verify();
  ASSERT_TRUE(verified) << verified.error().text();
  EXPECT_EQ(verified->blobs, 4U);
  ASSERT_EQ(verified->damaged.size(), 3U);
  std::string reasons;
  for (const Error& error : verified->damaged) {
    reasons += error.text() + '\n';
  }
  EXPECT_THAT(reasons, HasSubstr(flipped->path.native() + ": the blob's bytes don't match its SHA-256"));
  EXPECT_THAT(reasons, HasSubstr(shortened->path.native() + ": the blob has 4 bytes instead of 17"));
  EXPECT_THAT(reasons, HasSubstr(gone->path.native() + ": the blob's file is gone"));
  EXPECT_EQ(text(*store, "good"), "good content");
  for (const char* const name : {"flipped", "short", "gone", "gone too"}) {
    EXPECT_EQ(text(*store, name), "(none)");
  }
  verified = store->verify();
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->blobs, 1U);
  EXPECT_TRUE(verified->damaged.empty());
}

TEST_F(UpkeepTest, CollectSweepsWhatCrashesLeaveAndNothingElse) {
  const auto store = open();
  auto writer = store->create();  // not abandoned
  ASSERT_TRUE(writer && writer->append(bytes("half")));
  ASSERT_TRUE(store->put("good", Rank::derived, bytes("good content")));
  const auto lost = store->put("lost", Rank::derived, bytes("lost content"));
  ASSERT_TRUE(lost);
  fs::remove(lost->path);
  std::ofstream(folder / "tmp" / "blob-abandoned") << "half";
  const std::string nameless = sha256("nameless").hex();
  fs::create_directories(folder / "blobs" / nameless.substr(0, 2));
  std::ofstream(folder / "blobs" / nameless.substr(0, 2) / nameless) << "nameless";
  std::stop_source stopped;
  stopped.request_stop();
  const auto given_up = store->collect(stopped.get_token());
  ASSERT_TRUE(given_up) << given_up.error().text();
  EXPECT_EQ(given_up->lost_names + given_up->nameless_blobs + given_up->temporary_files, 0U);
  const auto done = store->collect();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->temporary_files, 1U);
  EXPECT_EQ(done->nameless_blobs, 1U);
  EXPECT_EQ(done->lost_names, 1U);
  EXPECT_EQ(done->freed_bytes, 8U);
  ASSERT_TRUE(writer->append(bytes(" and half")));
  ASSERT_TRUE(store->publish("written", Rank::derived, std::move(*writer)));
  EXPECT_EQ(text(*store, "written"), "half and half");
  EXPECT_EQ(text(*store, "good"), "good content");
  EXPECT_EQ(text(*store, "lost"), "(none)");
  EXPECT_TRUE(damages.empty());
}

TEST_F(UpkeepTest, StatisticsCountByRankAndKind) {
  const auto store = open();
  ASSERT_TRUE(store->put("layer/a", Rank::source, bytes("12345")));
  ASSERT_TRUE(store->put("layer/b", Rank::source, bytes("1234567")));
  ASSERT_TRUE(store->put("zstd/best/a", Rank::derived, bytes("123")));
  ASSERT_TRUE(store->put("zstd/fast/a", Rank::derived, bytes("123")));
  const auto statistics = store->statistics();
  ASSERT_TRUE(statistics);
  ASSERT_EQ(statistics->shares.size(), 2U);
  EXPECT_EQ(statistics->shares[0].kind, "zstd");
  EXPECT_EQ(statistics->shares[0].rank, Rank::derived);
  EXPECT_EQ(statistics->shares[0].names, 2U);
  EXPECT_EQ(statistics->shares[1].kind, "layer");
  EXPECT_EQ(statistics->shares[1].bytes, 12U);
  EXPECT_EQ(statistics->blobs, 3U);
  EXPECT_EQ(statistics->bytes, 15U);
}

TEST_F(UpkeepTest, TakesOverAnIndexOfVersion1) {
  open();
  fs::remove(folder / "names.sqlite");
  execute(
      "CREATE TABLE names (name TEXT PRIMARY KEY, sha256 BLOB NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;"
      "CREATE INDEX names_by_blob ON names (sha256)");
  for (const char* const name : {"layer/a", "bundle/a", "zstd/best/a"}) {
    const std::string hex = sha256(name).hex();
    fs::create_directories(folder / "blobs" / hex.substr(0, 2));
    std::ofstream(folder / "blobs" / hex.substr(0, 2) / hex) << name;
    const std::string size = std::to_string(std::string_view(name).size());
    execute(("INSERT INTO names VALUES ('" + std::string(name) + "', x'" + hex + "', " + size + ")").c_str());
  }
  for (int i = 0; i < 2; ++i) {
    const auto store = open();
    for (const char* const name : {"layer/a", "bundle/a", "zstd/best/a"}) {
      EXPECT_EQ(text(*store, name), name);
    }
    const auto statistics = store->statistics();
    ASSERT_TRUE(statistics);
    ASSERT_EQ(statistics->shares.size(), 3U);
    EXPECT_EQ(statistics->shares[0].kind, "zstd");
    EXPECT_EQ(statistics->shares[0].rank, Rank::derived);
    EXPECT_EQ(statistics->shares[1].kind, "layer");
    EXPECT_EQ(statistics->shares[1].rank, Rank::source);
    EXPECT_EQ(statistics->shares[2].kind, "bundle");
    EXPECT_EQ(statistics->shares[2].rank, Rank::record);
  }
}

TEST_F(UpkeepTest, LeavesAnIndexOfANewerVersionAlone) {
  open();
  execute("PRAGMA user_version = 99");
  const auto store = Store::open({.folder = folder.path()});
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().text(), HasSubstr("newer wheelbarrow"));
}

TEST_F(UpkeepTest, SetsADamagedIndexAside) {
  ASSERT_TRUE(open()->put("a", Rank::derived, bytes("content")));
  std::ofstream(folder / "names.sqlite") << std::string(10'000, 'x');
  const auto store = open();
  EXPECT_EQ(damages.size(), 1U);
  EXPECT_EQ(text(*store, "a"), "(none)");
  ASSERT_TRUE(store->put("a", Rank::derived, bytes("content")));
  EXPECT_EQ(text(*store, "a"), "content");
  EXPECT_TRUE(fs::exists(folder / "names.sqlite.damaged"));
}

// The other process's mapping lives on; what it looks for anew it doesn't find, and may make again.
TEST_F(UpkeepTest, AnotherProcessEvictsWhatThisOneHasMapped) {
  const auto store = open();
  const std::string content(10'000, 'x');
  const auto mapped = store->put("a", Rank::derived, bytes(content));
  ASSERT_TRUE(mapped);
  expect_success(start([&] {
    const auto other = Store::open({.folder = folder.path(), .budget = 1000});
    return other && (*other)->collect() && !*(*other)->find("a");
  }));
  EXPECT_FALSE(fs::exists(mapped->path));
  EXPECT_EQ(mapped->bytes.text(), content);
  EXPECT_EQ(text(*store, "a"), "(none)");
  ASSERT_TRUE(store->put("a", Rank::derived, bytes(content)));
  EXPECT_EQ(text(*store, "a"), content);
  EXPECT_TRUE(damages.empty());
}

// Both publish the same names, drop them, sweep and keep a budget, all at once.
TEST_F(UpkeepTest, TwoProcessesDoEverythingAtOnce) {
  const auto churn = [&](int which) {
    bool damaged = false;
    auto store = Store::open(
        {.folder = folder.path(), .damaged = [&](const Error&) { damaged = true; }, .budget = 60'000});
    for (int i = 0; store && i < 300; ++i) {
      const std::string name = "n/" + std::to_string(i % 7);
      const std::string content(5'000 + static_cast<std::size_t>(i % 11) * 1'000,
                                static_cast<char>('a' + i % 5));
      const auto put = (*store)->put(name, i % 7 == 0 ? Rank::record : Rank::derived, bytes(content));
      if (!put || put->bytes.text() != content) return false;
      const auto found = (*store)->find("n/" + std::to_string((i + which) % 7));
      if (!found || (*found && sha256((*found)->bytes.bytes) != (*found)->sha256)) return false;
      if (i % 13 == which && !(*store)->remove(name)) return false;
      if (i % 29 == which && !(*store)->collect()) return false;
    }
    return store.has_value() && !damaged;
  };
  std::vector<pid_t> children;
  for (int which = 0; which < 3; ++which) {
    children.push_back(start([&, which] { return churn(which); }));
  }
  for (const pid_t child : children) {
    expect_success(child);
  }
  const auto store = open();
  const auto done = store->collect();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->lost_names, 0U);
  EXPECT_EQ(done->nameless_blobs, 0U);
  const auto verified = store->verify();
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->damaged.empty());
  EXPECT_TRUE(damages.empty());
}

}  // namespace
}  // namespace wheelbarrow::store
