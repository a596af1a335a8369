// Waiting for an engine where a thread may block: on the command line, never on an event loop.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "bundle/single_flight.hpp"

namespace wheelbarrow::bundle {

// Calls start(callback) and returns what the callback is given. REQUIRES: the callback is called.
template <class T, class Start>
Result<T> wait_for(Start start) {
  // Shared, because set_value() may still be at work when get() returns.
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  start([promise](Result<T> result) { promise->set_value(std::move(result)); });
  return future.get();
}

}  // namespace wheelbarrow::bundle
