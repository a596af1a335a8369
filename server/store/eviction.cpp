// Keeping the budget.
//
// What is cheapest to lose goes first (Rank), among equals what was used longest ago; what this process has
// mapped stays. But a server's memory of answers keeps much mapped that nobody is being sent, and if only
// that stands in the way, it is asked to let go of half, repeatedly, before anything of a higher rank goes.
// Records are left to the end. But whoever asks decides how many there are, so they may have a quarter of the
// budget and no more: else they would drive out all that they are about.
//
// Eviction ends a tenth below the budget, so that it is not needed again for the next blob.
#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "store/store_state.hpp"

namespace wheelbarrow::store {
namespace {

constexpr std::size_t batch = 16;        // blobs that go in one transaction
constexpr int most_pressure = 10;        // halvings; a thousandth is left
constexpr std::uint64_t look_step = 16;  // parts of the budget that are published between two counts

}  // namespace

// Takes the names of some blobs, then their files, unless one came into use meanwhile.
Result<void> Store::State::evict_some(Eviction& eviction, std::span<const IndexedBlob> some) {
  std::vector<Condemned> condemned;
  condemned.reserve(some.size());
  const std::scoped_lock lock(mutex);
  {
    auto writing = index.write();
    if (!writing) return std::unexpected(writing.error());
    for (const IndexedBlob& blob : some) {
      if (is_mapped(blob.sha256)) continue;
      if (auto removed = index.remove_names_of(blob.sha256); !removed) return removed;
      condemned.push_back({blob.sha256, blob.size});
    }
    if (auto committed = writing->commit(); !committed) return committed;
  }
  eviction.done.evicted_blobs += condemned.size();
  for (const Condemned& each : condemned) {
    eviction.total -= std::min(eviction.total, each.size);
  }
  return unlink_nameless(condemned, eviction.done);
}

// Evicts of these ranks until `goal` is reached, and leaves in eviction.blobs what wasn't.
Result<void> Store::State::evict_ranks(Eviction& eviction, Rank lowest, Rank highest, std::uint64_t goal) {
  eviction.in_use.clear();
  std::vector<IndexedBlob> left, going;
  left.reserve(eviction.blobs.size());
  going.reserve(batch);
  std::uint64_t expected = eviction.total;
  for (const IndexedBlob& blob : eviction.blobs) {
    const bool wanted = lowest <= blob.rank && blob.rank <= highest && expected > goal;
    bool mapped = false;
    if (wanted) {
      const std::scoped_lock lock(mutex);
      mapped = is_mapped(blob.sha256);
    }
    if (mapped) eviction.in_use.push_back(blob.sha256);
    if (mapped || !wanted) {
      left.push_back(blob);
      continue;
    }
    expected -= std::min(expected, blob.size);
    going.push_back(blob);
    if (going.size() < batch) continue;
    if (auto gone = evict_some(eviction, going); !gone) return gone;
    going.clear();
  }
  eviction.blobs = std::move(left);
  if (going.empty()) return {};
  return evict_some(eviction, going);
}

Result<void> Store::State::evict_surplus_records(Eviction& eviction) {
  std::uint64_t records = 0;
  for (const IndexedBlob& blob : eviction.blobs) {
    if (blob.rank == Rank::record) records += blob.size;
  }
  const std::uint64_t most = options.budget / 4;
  if (records <= most) return {};
  const std::uint64_t surplus = records - (most - most / 10);
  return evict_ranks(eviction, Rank::record, Rank::record, eviction.total - surplus);
}

// False if there is nobody to let go of anything.
bool Store::State::press() {
  const std::scoped_lock lock(pressure_mutex);
  if (!let_go) return false;
  let_go();
  return true;
}

Result<Collection> Store::State::evict() {
  if (options.budget == 0) return Collection();
  const std::uint64_t goal = options.budget - options.budget / 10;
  Eviction eviction;
  {
    const std::scoped_lock lock(mutex);
    save_uses();
    auto total = index.total_size();
    if (!total) return std::unexpected(total.error());
    last_ = eviction.total = *total;
    grown_ = 0;
    look_above_ = options.budget;
    if (eviction.total <= options.budget) return Collection();
    auto known = index.blobs();
    if (!known) return std::unexpected(known.error());
    eviction.blobs = std::move(*known);
  }
  if (auto evicted = evict_surplus_records(eviction); !evicted) return std::unexpected(evicted.error());
  for (const Rank highest : {Rank::derived, Rank::source, Rank::record}) {
    // Records go when nothing else is left, and not because the rest is in use.
    if (highest == Rank::record && !eviction.in_use.empty()) break;
    for (int pressed = 0; eviction.total > goal; ++pressed) {
      if (auto evicted = evict_ranks(eviction, Rank::spare, highest, goal); !evicted)
        return std::unexpected(evicted.error());
      if (eviction.total <= options.budget || eviction.in_use.empty() || pressed >= most_pressure || !press())
        break;
    }
    if (eviction.total <= options.budget) break;
  }
  const std::scoped_lock lock(mutex);
  if (auto writing = index.write(); writing && index.touch(eviction.in_use)) std::ignore = writing->commit();
  last_ = eviction.total;
  look_above_ = std::max(options.budget, eviction.total + options.budget / look_step);
  if (eviction.total > options.budget) {
    return fail(ErrorKind::limit,
                "the store has " + std::to_string(eviction.total) +
                    " bytes of which all that is left is in use;" + " its budget is " +
                    std::to_string(options.budget),
                options.folder);
  }
  return eviction.done;
}

void Store::State::keep_budget() {
  if (options.budget == 0) return;
  const std::unique_lock evicting(evicting_, std::try_to_lock);
  if (!evicting) return;
  {
    const std::scoped_lock lock(mutex);
    // Other processes publish, too, so they are counted now and then.
    const bool known = last_ && grown_ < options.budget / look_step;
    if (known && *last_ + grown_ <= std::max(options.budget, look_above_)) return;
  }
  if (const auto evicted = evict(); !evicted && options.over_budget) options.over_budget(evicted.error());
}

}  // namespace wheelbarrow::store
