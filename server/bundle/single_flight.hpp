// Work that several ask for at once is done once. Safe from every thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bundle/callback.hpp"

namespace wheelbarrow::bundle {

template <class T>
class SingleFlight {
 public:
  // Adds a waiter for `key`. True if it is the first: the caller starts the work and calls land() when it is
  // done.
  bool join(const std::string& key, Callback<T> waiter) {
    const std::scoped_lock lock(mutex_);
    auto& waiters = flights_[key];
    waiters.push_back(std::move(waiter));
    return waiters.size() == 1;
  }

  // Gives the result to everyone who waits for `key`, on the calling thread.
  void land(const std::string& key, const Result<T>& result) {
    std::vector<Callback<T>> waiters;
    {
      const std::scoped_lock lock(mutex_);
      const auto flight = flights_.find(key);
      if (flight == flights_.end()) return;
      waiters = std::move(flight->second);
      flights_.erase(flight);
    }
    for (const Callback<T>& waiter : waiters) {
      waiter(result);
    }
  }

  // Whether anyone still waits for `key`.
  bool is_wanted(const std::string& key) const {
    const std::scoped_lock lock(mutex_);
    const auto flight = flights_.find(key);
    return flight != flights_.end() && !is_abandoned(flight->second);
  }

  // Ends the flight with ErrorKind::cancelled if nobody waits for it any more, and returns whether it did;
  // who joins afterwards is the first again.
  bool abandon(const std::string& key) {
    std::vector<Callback<T>> waiters;
    {
      const std::scoped_lock lock(mutex_);
      const auto flight = flights_.find(key);
      if (flight == flights_.end()) return true;
      if (!is_abandoned(flight->second)) return false;
      waiters = std::move(flight->second);
      flights_.erase(flight);
    }
    for (const Callback<T>& waiter : waiters) {
      waiter(fail(ErrorKind::cancelled, "nobody waits for the answer any more"));
    }
    return true;
  }

  // Forgets every waiter without an answer.
  void clear() {
    std::unordered_map<std::string, std::vector<Callback<T>>> dropped;
    const std::scoped_lock lock(mutex_);
    dropped.swap(flights_);
  }

  bool contains(const std::string& key) const {
    const std::scoped_lock lock(mutex_);
    return flights_.contains(key);
  }

  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return flights_.size();
  }

 private:
  static bool is_abandoned(const std::vector<Callback<T>>& waiters) {
    return std::ranges::all_of(waiters, [](const Callback<T>& waiter) { return waiter.is_abandoned(); });
  }

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::vector<Callback<T>>> flights_;
};

}  // namespace wheelbarrow::bundle
