// Threads for slow work: resolving, unpacking, hashing, compressing.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace wheelbarrow::bundle {

// Work of one kind, done in the order in which it was submitted. No lane waits for another.
enum class Lane {
  quick,    // milliseconds, a client waits: resolving, looking up, joining
  build,    // seconds, a client waits: unpacking, compressing
  soon,     // nobody waits: what the next client profits from
  leisure,  // nobody waits, and it takes minutes: the best compression
};

class BuildPool {
 public:
  // Long jobs look at the token and give up when it says so.
  using Job = std::function<void(const std::stop_token&)>;

  // So many threads each for `quick` and `build`, and one each for `soon` and `leisure` at the lowest
  // priority the system gives (nice 19), so that these only take what is left. REQUIRES: threads > 0.
  explicit BuildPool(unsigned threads);
  ~BuildPool();  // stops
  BuildPool(const BuildPool&) = delete;
  BuildPool& operator=(const BuildPool&) = delete;

  void submit(Lane lane, Job job);

  // Drops what has not begun, asks what runs to give up, and waits for it. Nothing can be submitted
  // afterwards: jobs are dropped at once.
  void stop();

  // How many jobs of a lane are waiting or running.
  std::size_t backlog(Lane lane) const;

 private:
  struct Queue {
    mutable std::mutex mutex;
    std::condition_variable_any ready;
    std::deque<Job> jobs;
    std::size_t running = 0;
  };
  Queue& queue(Lane lane) { return queues_[static_cast<std::size_t>(lane)]; }
  const Queue& queue(Lane lane) const { return queues_[static_cast<std::size_t>(lane)]; }
  void run(Queue& queue, const std::stop_token& stop);

  std::stop_source stop_;
  std::array<Queue, 4> queues_;
  std::vector<std::thread> threads_;
};

}  // namespace wheelbarrow::bundle
