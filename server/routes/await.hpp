// Waiting in a coroutine for what a build thread answers.
#pragma once

#include <atomic>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "bundle/single_flight.hpp"

namespace wheelbarrow::routes {

// Calls start(callback) and resumes on the coroutine's own executor with what the callback is given, from
// whichever thread. A callback that is destroyed uncalled destroys the coroutine there. Cancelling the
// coroutine ends the wait with ErrorKind::cancelled and abandons the callback; the work goes on for others
// who want it.
template <class T, class Start>
boost::asio::awaitable<Result<T>> await_result(Start start) {
  namespace asio = boost::asio;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<T>)>(
      [](auto handler, Start begin) {
        // Touched on the coroutine's executor only.
        struct Waiting {
          decltype(handler) resume;
          bool done = false;

          void finish(Result<T> result) {
            if (std::exchange(done, true)) return;
            asio::get_associated_cancellation_slot(resume).clear();
            resume(std::move(result));
          }
        };
        const auto waiting = std::make_shared<Waiting>(Waiting{std::move(handler)});
        const auto executor = asio::get_associated_executor(waiting->resume);
        const auto gone = std::make_shared<std::atomic<bool>>(false);
        if (auto slot = asio::get_associated_cancellation_slot(waiting->resume); slot.is_connected()) {
          // The coroutine owns the slot, so what is in the slot must not own the coroutine.
          slot.assign([weak = std::weak_ptr(waiting), executor, gone](asio::cancellation_type) {
            *gone = true;
            asio::post(executor, [weak] {
              if (const auto still = weak.lock()) {
                still->finish(fail(ErrorKind::cancelled, "nobody waits for the answer any more"));
              }
            });
          });
        }
        begin(bundle::Callback<T>(
            [waiting,
             tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked)](Result<T> result) {
              asio::post(tracked, [waiting, result = std::move(result)]() mutable {
                waiting->finish(std::move(result));
              });
            },
            [gone] { return gone->load(); }));
      },
      asio::use_awaitable, std::move(start));
}

}  // namespace wheelbarrow::routes
