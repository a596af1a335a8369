// A map of bounded size that forgets what was used longest ago. The size is the sum of what the values weigh,
// each one if nothing else is said. Safe from every thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace wheelbarrow::bundle {

// Look-ups since the start.
struct CacheCounts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;

  CacheCounts& operator+=(const CacheCounts& more) {
    hits += more.hits;
    misses += more.misses;
    return *this;
  }
};

template <class Value>
class LruCache {
 public:
  // REQUIRES: capacity > 0.
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {}

  std::optional<Value> get(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const auto found = places_.find(key);
    ++(found == places_.end() ? counts_.misses : counts_.hits);
    if (found == places_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  // What alone weighs more than the capacity is kept until something else comes.
  void put(const std::string& key, Value value, std::size_t weight = 1) {
    Entries forgotten;  // destroyed when the lock is free again
    const std::scoped_lock lock(mutex_);
    if (const auto found = places_.find(key); found != places_.end()) forget(found->second, forgotten);
    entries_.push_front({key, std::move(value), weight});
    places_.emplace(key, entries_.begin());
    weight_ += weight;
    while (weight_ > capacity_ && entries_.size() > 1) {
      forget(std::prev(entries_.end()), forgotten);
    }
  }

  // All of it, what was used last first.
  std::vector<Value> values() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Value> values;
    values.reserve(entries_.size());
    for (const Entry& entry : entries_) {
      values.push_back(entry.value);
    }
    return values;
  }

  CacheCounts counts() const {
    const std::scoped_lock lock(mutex_);
    return counts_;
  }

  // Forgets the half that was used longest ago, the larger one.
  void forget_half() {
    Entries forgotten;
    const std::scoped_lock lock(mutex_);
    for (const std::size_t kept = entries_.size() / 2; entries_.size() > kept;) {
      forget(std::prev(entries_.end()), forgotten);
    }
  }

 private:
  struct Entry {
    std::string key;
    Value value;
    std::size_t weight;
  };
  using Entries = std::list<Entry>;

  // REQUIRES: the mutex is held.
  void forget(typename Entries::iterator entry, Entries& forgotten) {
    weight_ -= entry->weight;
    places_.erase(entry->key);
    forgotten.splice(forgotten.end(), entries_, entry);
  }

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::size_t weight_ = 0;
  CacheCounts counts_;
  Entries entries_;  // latest first
  std::unordered_map<std::string, typename Entries::iterator> places_;
};

}  // namespace wheelbarrow::bundle
