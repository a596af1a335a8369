#include "wheelhouse/wheelhouse.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "wheelhouse/folder_watch.hpp"
#include "wheelhouse/inventory.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

using std::chrono::milliseconds;

// A wheel that is being copied or built changes many times a second; a tree that never rests is looked at
// every few seconds all the same.
constexpr milliseconds quiet_time{200};
constexpr milliseconds longest_unrest{5000};
constexpr milliseconds polling_interval{2000};

bool same_wheel(const WheelPtr& a, const WheelPtr& b) {
  return a == b || (a->path == b->path && a->sha256 == b->sha256 && a->modified == b->modified &&
                    a->distribution_depends == b->distribution_depends && a->yanked == b->yanked);
}

bool same_refusal(const Refusal& a, const Refusal& b) {
  return a.path == b.path && a.reason == b.reason;
}

bool same_catalog(const Catalog& a, const Catalog& b) {
  return a.id() == b.id() && std::ranges::equal(a.wheels(), b.wheels(), same_wheel) &&
         std::ranges::equal(a.refusals(), b.refusals(), same_refusal);
}

}  // namespace

struct Wheelhouse::State {
  explicit State(Inventory opened) : inventory(std::move(opened)) {}

  bool update();
  Result<bool> try_update();
  void follow();
  FolderWatch::Coverage cover();
  FolderWatch::Event settle();

  std::mutex scanning;  // held while `inventory` is used
  Inventory inventory;

  mutable std::mutex reading;  // guards the next two
  std::shared_ptr<const Catalog> catalog;
  ScanStatistics statistics;

  std::mutex telling;  // held from a look at the folders until it has been told of; guards `changed`
  std::function<void(const std::shared_ptr<const Catalog>&)> changed;

  std::unique_ptr<FolderWatch> watch;
  std::jthread watcher;
};

// Whether the catalog was swapped.
bool Wheelhouse::State::update() {
  const std::lock_guard scan(scanning);
  auto fresh = std::make_shared<const Catalog>(inventory.update());
  const std::lock_guard swap(reading);
  statistics = inventory.statistics();
  if (catalog && same_catalog(*catalog, *fresh)) {
    return false;
  }
  catalog = std::move(fresh);
  return true;
}

Result<bool> Wheelhouse::State::try_update() {
  const std::lock_guard tell(telling);
  try {
    const bool swapped = update();
    if (swapped && changed) {
      changed(catalog);  // which nobody else swaps meanwhile
    }
    return swapped;
  } catch (const std::exception& exception) {
    return fail(ErrorKind::internal, std::string("the folders can't be looked at: ") + exception.what());
  }
}

FolderWatch::Coverage Wheelhouse::State::cover() {
  const std::lock_guard scan(scanning);
  FolderWatch::Coverage coverage = watch->watch(inventory.folders());
  coverage.complete = coverage.complete && inventory.has_all_folders();
  return coverage;
}

// Waits until nothing has happened for a moment.
FolderWatch::Event Wheelhouse::State::settle() {
  const auto start = std::chrono::steady_clock::now();
  while (true) {
    const auto event = watch->wait(quiet_time);
    if (event != FolderWatch::Event::changed || std::chrono::steady_clock::now() - start > longest_unrest) {
      return event;
    }
  }
}

// Runs on the watcher's thread until the watch is stopped. The folders are watched first and looked at then,
// so that nothing falls between the two; a folder that is new to the watch is therefore looked at once more.
void Wheelhouse::State::follow() {
  FolderWatch::Coverage coverage{.complete = false, .grew = true};
  while (true) {
    if (!coverage.grew) {
      const auto event = watch->wait(coverage.complete ? std::nullopt : std::optional(polling_interval));
      if (event == FolderWatch::Event::stopped ||
          (event == FolderWatch::Event::changed && settle() == FolderWatch::Event::stopped)) {
        return;
      }
    }
    // Out of memory or the like: the catalog stays as it is and the next event tries again.
    std::ignore = try_update();
    coverage = cover();
  }
}

Wheelhouse::Wheelhouse(std::unique_ptr<State> state) : state_(std::move(state)) {}

Wheelhouse::~Wheelhouse() {
  stop_watching();
}

void Wheelhouse::stop_watching() {
  if (state_->watch) state_->watch->stop();
  if (state_->watcher.joinable()) state_->watcher.join();
  const std::lock_guard tell(state_->telling);
  state_->changed = nullptr;
}

Result<std::unique_ptr<Wheelhouse>> Wheelhouse::open(WheelhouseOptions options) {
  try {
    auto inventory = Inventory::open(std::move(options));
    if (!inventory) {
      return std::unexpected(inventory.error());
    }
    auto state = std::make_unique<State>(std::move(*inventory));
    state->update();
    return std::unique_ptr<Wheelhouse>(new Wheelhouse(std::move(state)));
  } catch (const std::exception& exception) {
    return fail(ErrorKind::internal, std::string("the wheelhouse can't be opened: ") + exception.what());
  }
}

std::shared_ptr<const Catalog> Wheelhouse::catalog() const {
  const std::lock_guard lock(state_->reading);
  return state_->catalog;
}

ScanStatistics Wheelhouse::last_scan() const {
  const std::lock_guard lock(state_->reading);
  return state_->statistics;
}

Result<bool> Wheelhouse::rescan() const {
  return state_->try_update();
}

Result<void> Wheelhouse::watch(std::function<void(const std::shared_ptr<const Catalog>&)> changed) {
  if (state_->watch) {
    return fail(ErrorKind::invalid_input, "the wheelhouse is watched already");
  }
  state_->watch = make_inotify_watch();
  if (!state_->watch) {
    state_->watch = make_idle_watch();
  }
  try {
    {
      const std::lock_guard tell(state_->telling);
      state_->changed = std::move(changed);
    }
    state_->cover();
    state_->watcher = std::jthread([state = state_.get()] { state->follow(); });
  } catch (const std::exception& exception) {
    state_->watch.reset();
    return fail(ErrorKind::internal, std::string("the folders can't be watched: ") + exception.what());
  }
  return {};
}

}  // namespace wheelbarrow::wheelhouse
