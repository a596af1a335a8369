// Threads for slow work: unpacking, hashing, compressing. Work that a client waits for comes first;
// background work has one thread of its own at the lowest priority the system gives (nice 19), so that it
// only takes what is left.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace wheelbarrow::bundle {

class BuildPool {
 public:
  // Long jobs look at the token and give up when it says so.
  using Job = std::function<void(const std::stop_token&)>;

  // REQUIRES: threads > 0.
  explicit BuildPool(unsigned threads);
  ~BuildPool();  // stops
  BuildPool(const BuildPool&) = delete;
  BuildPool& operator=(const BuildPool&) = delete;

  void submit(Job job);
  void submit_background(Job job);

  // Drops what has not begun, asks what runs to give up, and waits for it. Nothing can be submitted
  // afterwards: jobs are dropped at once.
  void stop();

  // How much background work is waiting or running.
  std::size_t background_backlog() const;

 private:
  // One queue and its waiting threads.
  struct Queue {
    mutable std::mutex mutex;
    std::condition_variable_any ready;
    std::deque<Job> jobs;
    std::size_t running = 0;
  };
  void run(Queue& queue, const std::stop_token& stop);
  void push(Queue& queue, Job job);

  std::stop_source stop_;
  Queue foreground_;
  Queue background_;
  std::vector<std::thread> threads_;
};

}  // namespace wheelbarrow::bundle
