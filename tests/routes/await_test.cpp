#include "routes/await.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

namespace wheelbarrow::routes {
namespace {

namespace asio = boost::asio;

// A coroutine that waits for one number, with all that can be done to it.
class AwaitTest : public testing::Test {
 protected:
  asio::awaitable<void> wait() {
    const std::shared_ptr<int> held = alive;
    result = co_await await_result<int>([this](bundle::Callback<int> done) { callback = std::move(done); });
  }
  void spawn() {
    asio::co_spawn(
        context, wait(),
        asio::bind_cancellation_slot(cancel.slot(), [this](const std::exception_ptr&) { ended = true; }));
    context.poll();
    ASSERT_TRUE(callback);
    ASSERT_FALSE(ended);
  }

  asio::io_context context;
  asio::cancellation_signal cancel;
  std::shared_ptr<int> alive = std::make_shared<int>(0);
  bundle::Callback<int> callback;
  std::optional<Result<int>> result;
  bool ended = false;
};

TEST_F(AwaitTest, ResumesOnItsOwnExecutorWithAnAnswerFromAnotherThread) {
  spawn();
  std::thread([this] { callback(7); }).join();
  EXPECT_FALSE(ended);
  context.poll();
  EXPECT_TRUE(ended);
  EXPECT_EQ(result->value(), 7);
}

TEST_F(AwaitTest, AnAnswerAtOnceIsAnAnswer) {
  asio::co_spawn(
      context,
      [this]() -> asio::awaitable<void> {
        result = co_await await_result<int>([](const bundle::Callback<int>& done) { done(7); });
      },
      [this](const std::exception_ptr&) { ended = true; });
  context.poll();
  EXPECT_EQ(result->value(), 7);
}

TEST_F(AwaitTest, CancellingEndsTheWaitAndALateAnswerHarmsNobody) {
  spawn();
  cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  EXPECT_TRUE(ended);
  EXPECT_EQ(alive.use_count(), 1);
  callback(7);
  context.restart();
  context.poll();
}

TEST_F(AwaitTest, DroppingTheCallbackDestroysTheCoroutine) {
  spawn();
  EXPECT_EQ(alive.use_count(), 2);
  callback = {};
  context.restart();
  context.poll();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace wheelbarrow::routes
