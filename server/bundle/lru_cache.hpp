// A map of bounded size that forgets what was used longest ago. Safe from every thread.
#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wheelbarrow::bundle {

template <class Value>
class LruCache {
 public:
  // REQUIRES: capacity > 0.
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {}

  std::optional<Value> get(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->second;
  }

  void put(const std::string& key, Value value) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = places_.find(key); found != places_.end()) {
      found->second->second = std::move(value);
      entries_.splice(entries_.begin(), entries_, found->second);
      return;
    }
    entries_.emplace_front(key, std::move(value));
    places_.emplace(key, entries_.begin());
    if (entries_.size() > capacity_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
  }

  // All of it, what was used last first.
  std::vector<Value> values() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Value> values;
    values.reserve(entries_.size());
    for (const auto& [key, value] : entries_) {
      values.push_back(value);
    }
    return values;
  }

  // Forgets the half that was used longest ago, the larger one.
  void forget_half() {
    std::list<std::pair<std::string, Value>> forgotten;  // destroyed when the lock is free again
    const std::scoped_lock lock(mutex_);
    const auto kept = entries_.size() / 2;
    forgotten.splice(forgotten.end(), entries_,
                     std::next(entries_.begin(), static_cast<std::ptrdiff_t>(kept)), entries_.end());
    for (const auto& [key, value] : forgotten) {
      places_.erase(key);
    }
  }

 private:
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, Value>> entries_;  // latest first
  std::unordered_map<std::string, typename std::list<std::pair<std::string, Value>>::iterator> places_;
};

}  // namespace wheelbarrow::bundle
