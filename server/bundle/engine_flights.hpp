// Private to the engine's sources: how it does the work of a flight.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "bundle/engine.hpp"

namespace wheelbarrow::bundle {

// Ends a flight that failed. What was given up because nobody waited begins again if somebody has come since.
template <class T>
void Engine::end(SingleFlight<T>& flights, const std::string& key, const Error& error,
                 const std::function<void()>& restart) {
  if (error.kind != ErrorKind::cancelled) return flights.land(key, std::unexpected(error));
  if (!flights.abandon(key)) restart();
}

// Does the work of a flight that just began. It isn't begun, or is given up, when nobody waits any more.
template <class T>
void Engine::fly(SingleFlight<T>& flights, const std::string& key, Lane lane, Work<T> work) {
  pool_.submit(lane, [this, &flights, key, lane, work = std::move(work)](const std::stop_token& stop) {
    if (flights.abandon(key)) return;
    const Result<T> result = work([&] { return stop.stop_requested() || !flights.is_wanted(key); });
    if (!result) return end(flights, key, result.error(), [&] { fly(flights, key, lane, work); });
    flights.land(key, result);
  });
}

}  // namespace wheelbarrow::bundle
