#include "http/watchdog.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <thread>

namespace wheelbarrow::http {
namespace {

using namespace std::chrono_literals;
using Clock = Watchdog::Clock;

// The timer fires early because the deadline has moved, and the new deadline passes while it is looked at.
TEST(Watchdog, ExpiresWhenTheDeadlinePassesWhileItIsAskedFor) {
  boost::asio::io_context loop;
  const auto start = Clock::now();
  int asked = 0;
  bool expired = false;
  const Watchdog watchdog(
      loop.get_executor(),
      [&] {
        ++asked;
        if (asked == 1) return start + 10ms;
        if (asked == 3) std::this_thread::sleep_until(start + 250ms);
        return expired ? Watchdog::never : start + 200ms;
      },
      [&] { expired = true; });
  loop.run_for(10s);
  EXPECT_TRUE(expired);
}

}  // namespace
}  // namespace wheelbarrow::http
