#include "store/store.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/mapped_file.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::store {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = Store::open({.folder = folder.path(),
                              .damaged = [this](const Error& error) { damages.push_back(error.text()); }});
    EXPECT_TRUE(store) << store.error().text();
    return std::move(*store);
  }
  std::size_t count_files(const fs::path& below) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / below)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  test::TemporaryFolder folder;
  std::vector<std::string> damages;
};

TEST_F(StoreTest, FindsWhatWasPut) {
  const auto store = open();
  const auto blob = store->put("layer/a", Rank::derived, bytes("content"));
  ASSERT_TRUE(blob) << blob.error().text();
  EXPECT_EQ(blob->sha256, sha256("content"));
  const auto found = store->find("layer/a");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->bytes.text(), "content");
  const auto missing = store->find("layer/b");
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
}

// Otherwise the kernel could not send it from there.
TEST_F(StoreTest, MapsABlobUnderTheNameThatLasts) {
  const auto blob = open()->put("a", Rank::derived, bytes("content"));
  ASSERT_TRUE(blob);
  const auto place = file_of(blob->bytes);
  ASSERT_TRUE(place);
  EXPECT_EQ(*place->path, blob->path);
  EXPECT_TRUE(fs::exists(*place->path));
}

TEST_F(StoreTest, KeepsBlobsAcrossOpenings) {
  ASSERT_TRUE(open()->put("a", Rank::derived, bytes("content")));
  const auto found = open()->find("a");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->bytes.text(), "content");
}

TEST_F(StoreTest, KeepsAnEmptyBlob) {
  const auto store = open();
  ASSERT_TRUE(store->put("empty", Rank::derived, {}));
  const auto found = store->find("empty");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->bytes.size(), 0U);
}

TEST_F(StoreTest, WritesAtOffsetsAndReadsGapsAsZeros) {
  const auto store = open();
  auto writer = store->create();
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->write_at(4, bytes("tail")));
  ASSERT_TRUE(writer->write_at(0, bytes("ab")));
  ASSERT_TRUE(writer->append(bytes("!")));
  const auto blob = store->publish("a", Rank::derived, std::move(*writer));
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->bytes.text(), std::string_view("ab\0\0tail!", 9));
}

TEST_F(StoreTest, RefusesBytesOfAnotherHashAndLeavesNothing) {
  const auto store = open();
  auto writer = store->create();
  ASSERT_TRUE(writer && writer->append(bytes("not that")));
  const auto blob = store->publish("wheel/a", Rank::derived, std::move(*writer), sha256("this"));
  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(*store->find("wheel/a"));
  EXPECT_EQ(count_files("blobs"), 0U);
}

TEST_F(StoreTest, DiscardsWhatWasNotPublished) {
  const auto store = open();
  {
    ASSERT_TRUE(store->create()->append(bytes("half")));
  }
  EXPECT_EQ(count_files("tmp"), 0U);
}

TEST_F(StoreTest, ReplacesANameAndDropsTheOldBlobButNotItsMapping) {
  const auto store = open();
  const auto before = store->put("a", Rank::derived, bytes("old"));
  ASSERT_TRUE(before && store->put("a", Rank::derived, bytes("new")));
  EXPECT_EQ((*store->find("a"))->bytes.text(), "new");
  EXPECT_EQ(count_files("blobs"), 1U);
  EXPECT_EQ(before->bytes.text(), "old");
}

TEST_F(StoreTest, KeepsABlobThatAnotherNamePointsAt) {
  const auto store = open();
  ASSERT_TRUE(store->put("a", Rank::derived, bytes("same")) && store->put("b", Rank::derived, bytes("same")));
  ASSERT_TRUE(store->remove("a"));
  EXPECT_FALSE(*store->find("a"));
  EXPECT_EQ((*store->find("b"))->bytes.text(), "same");
  ASSERT_TRUE(store->remove("b"));
  EXPECT_EQ(count_files("blobs"), 0U);
}

// What may have happened to a blob's file between two runs.
struct Damage {
  const char* name;
  void (*inflict)(const fs::path&);
};

class StoreDamageTest : public StoreTest, public testing::WithParamInterface<Damage> {};

TEST_P(StoreDamageTest, CountsAsAbsentAndIsReported) {
  const auto path = open()->put("a", Rank::derived, bytes("content"))->path;
  GetParam().inflict(path);
  const auto store = open();
  const auto found = store->find("a");
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_FALSE(*found);
  EXPECT_EQ(damages.size(), 1U);
  ASSERT_TRUE(store->put("a", Rank::derived, bytes("content")));
  EXPECT_EQ((*store->find("a"))->bytes.text(), "content");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, StoreDamageTest,
    testing::Values(Damage{"BitFlip", [](const fs::path& path) { std::ofstream(path) << "cOntent"; }},
                    Damage{"Truncated", [](const fs::path& path) { fs::resize_file(path, 3); }},
                    Damage{"Grown", [](const fs::path& path) { fs::resize_file(path, 30); }},
                    Damage{"Vanished", [](const fs::path& path) { fs::remove(path); }}),
    [](const auto& kind) { return kind.param.name; });

TEST_F(StoreTest, SaysWhyAFolderCannotBeUsed) {
  std::ofstream(folder / "file") << "in the way";
  const auto store = Store::open({folder / "file", {}});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::io);
}

TEST_F(StoreTest, TakesManyThreadsAtOnce) {
  const auto store = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string content = std::to_string(i % 10);
        ASSERT_TRUE(store->put("name/" + std::to_string(t % 2), Rank::derived, bytes(content)));
        ASSERT_TRUE(store->find("name/" + std::to_string(i % 2)));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_TRUE(*store->find("name/0"));
  EXPECT_TRUE(damages.empty());
}

TEST_F(StoreTest, IsSharedByTwoProcesses) {
  const auto store = open();
  const pid_t child = ::fork();
  if (child == 0) {
    auto other = Store::open({folder.path(), {}});
    bool done = other.has_value();
    for (int i = 0; done && i < 50; ++i) {
      done = (*other)->put("child/" + std::to_string(i), Rank::derived, bytes("from the child")).has_value();
    }
    ::_exit(done ? 0 : 1);
  }
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(store->put("parent/" + std::to_string(i), Rank::derived, bytes("from the parent")));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ((*store->find("child/49"))->bytes.text(), "from the child");
}

// The file of a blob that was checked already is looked at again when it has changed.
TEST_F(StoreTest, NoticesAFileThatChangesUnderIt) {
  const auto store = open();
  const auto path = store->put("a", Rank::derived, bytes("content"))->path;
  ASSERT_TRUE(*store->find("a"));
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(path) << "cOntent";
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  const auto found = store->find("a");
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(damages.size(), 1U);
}

TEST_F(StoreTest, WritesFilesThatNobodyWritesAgain) {
  const auto path = open()->put("a", Rank::derived, bytes("content"))->path;
  EXPECT_EQ(fs::status(path).permissions() & fs::perms(0222), fs::perms::none);
}

using StoreDeathTest = StoreTest;

// It sends nothing instead of what is gone.
TEST_F(StoreDeathTest, EndsWhereAMappedFileWasCutShort) {
  const auto store = open();
  const auto blob = store->put("a", Rank::derived, bytes(std::string(100'000, 'x')));
  ASSERT_TRUE(blob);
  fs::resize_file(blob->path, 10);
  EXPECT_DEATH(::_exit(std::ranges::count(blob->bytes.text(), 'x') == 100'000 ? 0 : 1), "");
}

}  // namespace
}  // namespace wheelbarrow::store
