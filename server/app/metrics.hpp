// What /metrics says, in Prometheus' text format. The names are in the README.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/access_log.hpp"
#include "app/request_counts.hpp"
#include "bundle/engine.hpp"
#include "http/server.hpp"
#include "routes/router.hpp"
#include "store/store.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::app {

// Where the numbers are. All of it outlives every call.
struct MetricSources {
  const RequestCounts& requests;
  const wheelhouse::Wheelhouse& wheelhouse;
  const bundle::Engine& engine;
  const routes::Router& router;
  store::Store& store;
  const http::Server& server;
  const AccessLog& access_log;
  std::uint64_t store_budget;  // bytes; 0: no limit
  std::chrono::system_clock::time_point started;
};

// From any thread; reads the store's index.
std::string metrics_text(const MetricSources& sources);

}  // namespace wheelbarrow::app
