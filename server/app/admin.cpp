#include "app/admin.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "http/problem.hpp"
#include "store/store.hpp"

namespace wheelbarrow::app {
namespace {

http::Response answer(const MetricSources& metrics, const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = http::problem(405, "the admin listener is only read: use GET or HEAD");
    response.fields.set("allow", "GET, HEAD");
    return response;
  }
  http::Response response;
  response.fields.set("cache-control", "no-store");
  response.fields.set("content-type", "text/plain; charset=utf-8");
  if (request.path == "/healthz") {
    response.body = {Slice::of_static("alive\n")};
  } else if (request.path == "/readyz") {
    // The catalog is loaded before anything listens.
    if (const auto writable = metrics.store.check_writable(); !writable) {
      return http::problem(503, "the store can't be written: " + writable.error().message);
    }
    response.body = {Slice::of_static("ready\n")};
  } else if (request.path == "/metrics") {
    response.fields.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = {Slice::of(metrics_text(metrics))};
  } else {
    return http::problem(404, "the admin listener has /healthz, /readyz and /metrics");
  }
  return response;
}

}  // namespace

Result<std::unique_ptr<http::Server>> start_admin(const std::string& address, ServiceManager& manager,
                                                  const MetricSources& metrics) {
  if (address.empty()) return nullptr;
  http::ServerOptions options;
  auto listeners = manager.open_addresses({address});
  if (!listeners) return std::unexpected(listeners.error());
  options.plain_listeners = std::move(*listeners);
  auto server = http::Server::start(std::move(options), [&metrics](const http::Request& request) {
    return http::make_ready(answer(metrics, request));
  });
  if (!server) return server;
  for (const auto& endpoint : (*server)->plain_endpoints()) {
    spdlog::info("listening  admin=http://{}:{}/", endpoint.address().to_string(), endpoint.port());
  }
  for (const auto& path : (*server)->socket_files()) {
    spdlog::info("listening  admin={}", path.native());
  }
  return server;
}

}  // namespace wheelbarrow::app
