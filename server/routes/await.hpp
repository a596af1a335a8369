// Waiting in a coroutine for what a build thread answers.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "bundle/single_flight.hpp"

namespace wheelbarrow::routes {

// Calls start(callback) and resumes on the coroutine's own executor with what the callback is given, from
// whichever thread. A callback that is destroyed uncalled destroys the coroutine.
template <class T, class Start>
boost::asio::awaitable<Result<T>> await_result(Start start) {
  namespace asio = boost::asio;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<T>)>(
      [](auto handler, Start begin) {
        // A std::function must be copyable; the handler is not.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto executor =
            asio::prefer(asio::get_associated_executor(*shared), asio::execution::outstanding_work.tracked);
        begin(bundle::Callback<T>([shared, executor](Result<T> result) {
          asio::post(executor,
                     [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
        }));
      },
      asio::use_awaitable, std::move(start));
}

}  // namespace wheelbarrow::routes
