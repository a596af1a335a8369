// Waiting for several asynchronous results.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "bundle/single_flight.hpp"

namespace wheelbarrow::bundle {

// Calls start(i, callback) for each i below `count` and `done` once: with all results in order, or with the
// first error after all have answered. With nothing to wait for, `done` is called at once.
template <class T, class Start>
void gather(std::size_t count, Start start, Callback<std::vector<T>> done) {
  if (count == 0) return done(std::vector<T>{});
  struct Gathering {
    std::mutex mutex;
    std::size_t missing;
    std::vector<T> results;
    std::optional<Error> error;
    Callback<std::vector<T>> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->missing = count;
  gathering->results.resize(count);
  gathering->done = std::move(done);
  for (std::size_t i = 0; i < count; ++i) {
    const auto take = [gathering, i](Result<T> result) {
      {
        const std::scoped_lock lock(gathering->mutex);
        if (result) {
          gathering->results[i] = std::move(*result);
        } else if (!gathering->error) {
          gathering->error = std::move(result.error());
        }
        if (--gathering->missing > 0) return;
      }
      if (gathering->error) return gathering->done(std::unexpected(std::move(*gathering->error)));
      gathering->done(std::move(gathering->results));
    };
    start(i, Callback<T>(take, gathering->done.abandoned()));
  }
}

}  // namespace wheelbarrow::bundle
