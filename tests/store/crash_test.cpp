// A process that writes to a store and is killed at every one of its steps, a thousand times in all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "store/fault_injection.hpp"
#include "store/store.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::store {
namespace {

namespace fs = std::filesystem;
using test::Fault;

constexpr int kills = 1000;
constexpr int rounds_per_folder = 40;  // then a new one, so that making a store is killed, too

// What the writer did, seen by its parent after its death.
struct Progress {
  int done = 0;  // operations that returned
  bool ended = false;
};

// The content of a blob: names say what it is, so that the parent knows.
std::string content_of(std::string_view name, int round) {
  const std::string line = std::string(name) + " of round " + std::to_string(round) + '\n';
  std::string content;
  const std::size_t size = 100 + sha256(line).bytes[0] * (name.starts_with("record/") ? 1U : 60U);
  while (content.size() < size) {
    content += line;
  }
  return content;
}

struct Operation {
  enum class Kind { put, remove, collect, reopen } kind;
  const char* name = "";
  Rank rank = Rank::derived;
};

// Puts that replace and put that share a blob, removals, upkeep.
constexpr Operation operations[] = {
    {Operation::Kind::put, "record/a", Rank::record},
    {Operation::Kind::put, "source/a", Rank::source},
    {Operation::Kind::put, "derived/a", Rank::derived},
    {Operation::Kind::put, "spare/a", Rank::spare},
    {Operation::Kind::put, "spare/b", Rank::spare},
    {Operation::Kind::remove, "derived/a"},
    {Operation::Kind::collect},
    {Operation::Kind::reopen},
    {Operation::Kind::put, "source/b", Rank::source},
    {Operation::Kind::put, "record/b", Rank::record},
    {Operation::Kind::remove, "spare/b"},
};

Result<void> perform(std::unique_ptr<Store>& store, const StoreOptions& options, const Operation& operation,
                     int round) {
  switch (operation.kind) {
    case Operation::Kind::put: {
      auto writer = store->create();
      if (!writer) return std::unexpected(writer.error());
      const std::string content = content_of(operation.name, round);
      const auto all = std::as_bytes(std::span(content));
      // In two pieces, the later first, as layers are written.
      if (auto written = writer->write_at(50, all.subspan(50)); !written) return written;
      if (auto written = writer->write_at(0, all.first(50)); !written) return written;
      const auto blob = store->publish(operation.name, operation.rank, std::move(*writer), sha256(content));
      if (!blob) return std::unexpected(blob.error());
      return {};
    }
    case Operation::Kind::remove:
      return store->remove(operation.name);
    case Operation::Kind::collect:
      if (const auto done = store->collect(); !done) return std::unexpected(done.error());
      return {};
    case Operation::Kind::reopen:
      break;
  }
  store.reset();
  auto opened = Store::open(options);
  if (!opened) return std::unexpected(opened.error());
  store = std::move(*opened);
  return {};
}

struct Kill {
  Fault::Kind kind;
  long step;
  bool in_new_store;
};

class CrashTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  // Runs every operation in a process of its own with that fault, and gives how far it came.
  Progress write(const fs::path& folder, int round, Fault fault, long* steps = nullptr) {
    auto* const shared = static_cast<Progress*>(::mmap(
        nullptr, sizeof(Progress) + sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    *shared = {};
    auto* const counted = reinterpret_cast<long*>(shared + 1);
    const pid_t child = ::fork();
    if (child == 0) {
      test::inject(fault);
      const StoreOptions options{
          .folder = folder, .damaged = [](const Error&) { ::_exit(3); }, .budget = GetParam()};
      auto store = Store::open(options);
      if (!store) ::_exit(2);
      for (const Operation& operation : operations) {
        if (!perform(*store, options, operation, round)) ::_exit(2);
        ++shared->done;
      }
      store->reset();
      *counted = test::steps_taken();
      shared->ended = true;
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0)
        << "status " << status << " in round " << round << " at step " << fault.step;
    const Progress progress = *shared;
    if (steps != nullptr) *steps = *counted;
    ::munmap(shared, sizeof(Progress) + sizeof(long));
    return progress;
  }

  // What each name may point at now: contents, and whether it may be gone.
  struct Expected {
    std::vector<std::string> contents;
    bool may_be_gone = true;
  };

  void note(const Progress& progress, int round) {
    int number = 0;
    for (const Operation& operation : operations) {
      const bool done = number < progress.done;
      const bool begun = number <= progress.done;
      ++number;
      if (!begun) break;
      if (operation.kind == Operation::Kind::put) {
        Expected& each = expected_[operation.name];
        if (done) each = {{}, false};
        each.contents.push_back(content_of(operation.name, round));
      } else if (operation.kind == Operation::Kind::remove) {
        Expected& each = expected_[operation.name];
        each.may_be_gone = true;
        if (done) each.contents.clear();
      }
    }
  }

  void check(const fs::path& folder) {
    std::vector<std::string> damages;
    auto store = Store::open(
        {.folder = folder, .damaged = [&](const Error& error) { damages.push_back(error.text()); }});
    ASSERT_TRUE(store) << store.error().text();
    for (auto& [name, each] : expected_) {
      const auto found = (*store)->find(name);
      ASSERT_TRUE(found) << found.error().text();
      // This budget takes anything but what is worth most.
      const bool evictable = GetParam() != 0 && !name.starts_with("record/");
      if (!*found) {
        EXPECT_TRUE(each.may_be_gone || evictable) << name << " is gone";
        continue;
      }
      EXPECT_THAT(each.contents, testing::Contains((*found)->bytes.text())) << name;
      each = {{std::string((*found)->bytes.text())}, false};
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder / "blobs")) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      EXPECT_EQ(sha256(content).hex(), entry.path().filename().native());
    }
    EXPECT_TRUE(damages.empty()) << damages.front();
    // Nothing stays for ever: no temporary file, no blob that nobody names.
    ASSERT_TRUE((*store)->collect());
    EXPECT_TRUE(fs::is_empty(folder / "tmp"));
    const auto statistics = (*store)->statistics();
    ASSERT_TRUE(statistics);
    std::uint64_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "blobs")) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    EXPECT_EQ(files, statistics->blobs);
  }

  std::map<std::string, Expected, std::less<>> expected_;
};

TEST_P(CrashTest, LeavesWholeBlobsWhereverItIsKilled) {
  long first_steps = 0, later_steps = 0;
  {
    const test::TemporaryFolder folder;
    ASSERT_TRUE(write(folder.path(), 0, {}, &first_steps).ended);
    ASSERT_TRUE(write(folder.path(), 1, {}, &later_steps).ended);
  }
  ASSERT_GT(first_steps, 40);
  // Each step in turn, first those of a new store, then those of one that has something; another of the three
  // ways for each, and the next one when it comes again.
  const int all_steps = static_cast<int>(first_steps + later_steps);
  const auto kill_of = [&](int round) {
    const int step = round % all_steps;
    const int way = (step + round / all_steps + (GetParam() == 0 ? 0 : 1)) % 3;
    const bool in_new_store = step < first_steps;
    return Kill{std::array{Fault::Kind::kill_before, Fault::Kind::kill_halfway,
                           Fault::Kind::kill_after}[static_cast<std::size_t>(way)],
                in_new_store ? step : step - first_steps, in_new_store};
  };
  int killed = 0, round = 0;
  std::unique_ptr<test::TemporaryFolder> folder;
  for (; (killed < kills / 2 || round < all_steps) && !HasFailure(); ++round) {
    const Kill kill = kill_of(round);
    if (kill.in_new_store || round % rounds_per_folder == 0) {
      folder = std::make_unique<test::TemporaryFolder>();
      expected_.clear();
    }
    SCOPED_TRACE("round " + std::to_string(round) + ", step " + std::to_string(kill.step) + ", kind " +
                 std::to_string(static_cast<int>(kill.kind)));
    const Progress progress = write(folder->path(), round, {kill.kind, kill.step, 0});
    killed += progress.ended ? 0 : 1;
    note(progress, round);
    check(folder->path());
    ASSERT_LT(round, all_steps + 2 * kills) << "the steps are not reached";
  }
  EXPECT_GE(killed, kills / 2);
  RecordProperty("kills", killed);
}

INSTANTIATE_TEST_SUITE_P(Budgets, CrashTest, testing::Values(0, 40'000),
                         [](const auto& budget) { return budget.param == 0 ? "None" : "Small"; });

}  // namespace
}  // namespace wheelbarrow::store
