// One timer per connection for all its deadlines. Private to this room.
//
// Deadlines move all the time, mostly later: every byte of progress moves one. So nothing is re-armed when
// one moves; the timer asks, when it fires, what the deadline is by now.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace wheelbarrow::http {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point never = Clock::time_point::max();

  // `due` says when time is up; `expired` is called then, and again if it set a later deadline and that
  // passed.
  Watchdog(const boost::asio::any_io_executor& executor, std::function<Clock::time_point()> due,
           std::function<void()> expired);
  // Neither function is called after this.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // To be called after the deadline may have moved to an earlier time.
  void refresh();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace wheelbarrow::http
