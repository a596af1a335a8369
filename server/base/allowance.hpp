// A rate limit that permits bursts (a token bucket).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace wheelbarrow {

class Allowance {
 public:
  using Clock = std::chrono::steady_clock;

  // So many at once, and so many again within each minute.
  Allowance(std::uint32_t most, Clock::time_point now) : most_(most), left_(most), since_(now) {}

  // False when there is none left.
  bool take(Clock::time_point now) {
    const std::chrono::duration<double, std::ratio<60>> minutes = now - since_;
    since_ = now;
    left_ = std::min(most_, left_ + minutes.count() * most_);
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

  // How long after the last take() there is one again. REQUIRES: it was refused.
  std::chrono::duration<double> wait() const {
    return std::chrono::duration<double, std::ratio<60>>((1 - left_) / most_);
  }

 private:
  double most_;
  double left_;
  Clock::time_point since_;
};

}  // namespace wheelbarrow
