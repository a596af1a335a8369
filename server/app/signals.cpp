#include "app/signals.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

#include "app/command.hpp"

namespace wheelbarrow::app {

sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int next_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

bool ends(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

std::jthread end_while_starting() {
  return std::jthread([](const std::stop_token& stop) {
    constexpr timespec patience{.tv_sec = 0, .tv_nsec = 20'000'000};
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    while (!stop.stop_requested()) {
      if (::sigtimedwait(&ending, nullptr, &patience) < 0) continue;
      spdlog::info("stopped  reason=a signal before everything was ready");
      std::_Exit(exit_success);
    }
  });
}

void end_on_next_signal(const sigset_t& signals) {
  std::thread([signals] {
    while (!ends(next_signal(signals))) {
    }
    spdlog::warn("stopped at once  reason=a second signal");
    std::_Exit(exit_failure);
  }).detach();
}

}  // namespace wheelbarrow::app
