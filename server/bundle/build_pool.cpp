#include "bundle/build_pool.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace wheelbarrow::bundle {

BuildPool::BuildPool(unsigned threads) {
  const std::stop_token stop = stop_.get_token();
  threads_.reserve(2 * std::size_t{threads} + 2);
  for (const Lane lane : {Lane::quick, Lane::build}) {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, stop, lane] { run(queue(lane), stop); });
    }
  }
  for (const Lane lane : {Lane::soon, Lane::leisure}) {
    threads_.emplace_back([this, stop, lane] {
      // On Linux a thread id works where a process id is asked for, and niceness belongs to the thread.
      ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
      run(queue(lane), stop);
    });
  }
}

BuildPool::~BuildPool() {
  stop();
}

void BuildPool::submit(Lane lane, Job job) {
  Queue& chosen = queue(lane);
  {
    const std::scoped_lock lock(chosen.mutex);
    if (stop_.stop_requested()) return;
    chosen.jobs.push_back(std::move(job));
  }
  chosen.ready.notify_one();
}

void BuildPool::run(Queue& own, const std::stop_token& stop) {
  std::unique_lock lock(own.mutex);
  while (own.ready.wait(lock, stop, [&] { return !own.jobs.empty(); }) && !stop.stop_requested()) {
    Job job = std::move(own.jobs.front());
    own.jobs.pop_front();
    ++own.running;
    lock.unlock();
    job(stop);
    job = nullptr;  // what it holds is not held under the lock
    lock.lock();
    --own.running;
  }
}

void BuildPool::stop() {
  stop_.request_stop();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  for (Queue& each : queues_) {
    std::deque<Job> dropped;  // destroyed when the lock is free again
    const std::scoped_lock lock(each.mutex);
    dropped.swap(each.jobs);
  }
}

std::size_t BuildPool::backlog(Lane lane) const {
  const Queue& asked = queue(lane);
  const std::scoped_lock lock(asked.mutex);
  return asked.jobs.size() + asked.running;
}

}  // namespace wheelbarrow::bundle
