// The listener for who runs the server: /healthz, /readyz and /metrics.
#pragma once

#include <memory>
#include <string>

#include "app/metrics.hpp"
#include "app/service_manager.hpp"
#include "base/error.hpp"
#include "http/server.hpp"

namespace wheelbarrow::app {

// Starts it at an address as --admin takes it, and logs where it listens; null if the address is empty.
// REQUIRES: what `metrics` refers to, and `metrics` itself, outlive it. ErrorKind as http::Server::start().
Result<std::unique_ptr<http::Server>> start_admin(const std::string& address, ServiceManager& manager,
                                                  const MetricSources& metrics);

}  // namespace wheelbarrow::app
