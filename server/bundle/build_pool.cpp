#include "bundle/build_pool.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace wheelbarrow::bundle {

BuildPool::BuildPool(unsigned threads) {
  const std::stop_token stop = stop_.get_token();
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, stop] { run(foreground_, stop); });
  }
  threads_.emplace_back([this, stop] {
    // On Linux a thread id works where a process id is asked for, and niceness belongs to the thread.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
    run(background_, stop);
  });
}

BuildPool::~BuildPool() {
  stop();
}

void BuildPool::submit(Job job) {
  push(foreground_, std::move(job));
}

void BuildPool::submit_background(Job job) {
  push(background_, std::move(job));
}

void BuildPool::push(Queue& queue, Job job) {
  {
    const std::scoped_lock lock(queue.mutex);
    if (stop_.stop_requested()) return;
    queue.jobs.push_back(std::move(job));
  }
  queue.ready.notify_one();
}

void BuildPool::run(Queue& queue, const std::stop_token& stop) {
  std::unique_lock lock(queue.mutex);
  while (queue.ready.wait(lock, stop, [&] { return !queue.jobs.empty(); }) && !stop.stop_requested()) {
    const Job job = std::move(queue.jobs.front());
    queue.jobs.pop_front();
    ++queue.running;
    lock.unlock();
    job(stop);
    lock.lock();
    --queue.running;
  }
}

void BuildPool::stop() {
  stop_.request_stop();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  for (Queue* const queue : {&foreground_, &background_}) {
    std::deque<Job> dropped;
    const std::scoped_lock lock(queue->mutex);
    dropped.swap(queue->jobs);
  }
}

std::size_t BuildPool::background_backlog() const {
  const std::scoped_lock lock(background_.mutex);
  return background_.jobs.size() + background_.running;
}

}  // namespace wheelbarrow::bundle
