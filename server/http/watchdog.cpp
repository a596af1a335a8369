#include "http/watchdog.hpp"

#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace wheelbarrow::http {

struct Watchdog::State : std::enable_shared_from_this<State> {
  boost::asio::steady_timer timer;
  std::function<Clock::time_point()> due;
  std::function<void()> expired;
  Clock::time_point armed_for = never;

  State(const boost::asio::any_io_executor& executor, std::function<Clock::time_point()> due_function,
        std::function<void()> expired_function)
      : timer(executor), due(std::move(due_function)), expired(std::move(expired_function)) {}

  void arm(Clock::time_point at) {
    armed_for = at;
    timer.expires_at(at);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto state = weak.lock();
      if (!error && state && state->due) state->fired();
    });
  }

  void fired() {
    armed_for = never;
    // One reading of the clock: a deadline that passes meanwhile must not look as if it had been dealt with.
    const Clock::time_point now = Clock::now();
    if (due() <= now) {
      expired();
      if (!due) return;
    }
    const Clock::time_point next = due();
    // A deadline that is still in the past was dealt with: the connection is being closed.
    if (next != never && next > now) arm(next);
  }
};

Watchdog::Watchdog(const boost::asio::any_io_executor& executor, std::function<Clock::time_point()> due,
                   std::function<void()> expired)
    : state_(std::make_shared<State>(executor, std::move(due), std::move(expired))) {
  refresh();
}

Watchdog::~Watchdog() {
  // The state may live on for the length of a call to expired() that led here.
  state_->due = nullptr;
  state_->timer.cancel();
}

void Watchdog::refresh() {
  const Clock::time_point next = state_->due();
  if (next < state_->armed_for) state_->arm(next);
}

}  // namespace wheelbarrow::http
