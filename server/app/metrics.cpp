#include "app/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <string_view>
#include <utility>
#include <vector>

namespace wheelbarrow::app {
namespace {

// The group of URLs, so that there are few values whatever clients ask for.
std::string_view route_of(std::string_view path) {
  static constexpr std::string_view prefixes[] = {"/bundles/", "/bundle",  "/resolve",           "/wheels/",
                                                  "/env/",     "/client/", "/pyodide-lock.json", "/pyodide/"};
  for (const std::string_view prefix : prefixes) {
    if (path.starts_with(prefix)) return prefix;
  }
  return path == "/" ? "/" : "static";
}

prometheus::MetricFamily family(std::string name, std::string help, prometheus::MetricType type,
                                double value) {
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  metric.gauge.value = value;
  return {std::move(name), std::move(help), type, {metric}};
}

}  // namespace

struct Metrics::State {
  const wheelhouse::Wheelhouse& wheelhouse;
  const bundle::Engine& engine;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests;

  State(const wheelhouse::Wheelhouse& house, const bundle::Engine& builder)
      : wheelhouse(house),
        engine(builder),
        requests(prometheus::BuildCounter()
                     .Name("wheelbarrow_http_requests_total")
                     .Help("Responses by group of URLs, status and protocol")
                     .Register(registry)) {}

  // Numbers that other rooms keep already, read when asked.
  std::vector<prometheus::MetricFamily> read() const {
    using prometheus::MetricType;
    const auto catalog = wheelhouse.catalog();
    const auto& counts = engine.statistics();
    const auto number = [](const auto& value) { return static_cast<double>(value); };
    return {
        family("wheelbarrow_catalog_wheels", "Wheels that are served", MetricType::Gauge,
               number(catalog->wheels().size())),
        family("wheelbarrow_catalog_refused", "Wheels that were refused", MetricType::Gauge,
               number(catalog->refusals().size())),
        family("wheelbarrow_bundles_assembled_total", "Bundles joined and hashed", MetricType::Counter,
               number(counts.bundles_assembled.load())),
        family("wheelbarrow_layers_built_total", "Wheels unpacked into layers", MetricType::Counter,
               number(counts.layers_built.load())),
        family("wheelbarrow_forms_built_total", "Layers and files compressed", MetricType::Counter,
               number(counts.forms_built.load())),
        family("wheelbarrow_wheels_copied_total", "Wheels copied into the store", MetricType::Counter,
               number(counts.wheels_copied.load())),
        family("wheelbarrow_builds_pending", "Different answers being made", MetricType::Gauge,
               number(engine.pending())),
        family("wheelbarrow_background_backlog", "Background jobs waiting or running", MetricType::Gauge,
               number(engine.background_backlog())),
    };
  }
};

Metrics::Metrics(const wheelhouse::Wheelhouse& wheelhouse, const bundle::Engine& engine)
    : state_(std::make_unique<State>(wheelhouse, engine)) {}

Metrics::~Metrics() = default;

void Metrics::count(const http::Request& request, const http::Response& response) {
  state_->requests
      .Add({{"route", std::string(route_of(request.path))},
            {"status", std::to_string(response.status)},
            {"protocol", request.protocol == http::Protocol::http2 ? "h2" : "http/1.1"}})
      .Increment();
}

std::string Metrics::text() const {
  auto families = state_->registry.Collect();
  for (auto& more : state_->read()) {
    families.push_back(std::move(more));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace wheelbarrow::app
