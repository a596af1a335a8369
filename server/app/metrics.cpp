#include "app/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>
#include <utility>
#include <vector>

namespace wheelbarrow::app {
namespace {

// Groups of URLs, so that there are few values whatever clients ask for. A path belongs to the first that it
// begins with.
constexpr auto groups =
    std::to_array<std::string_view>({"/bundles/", "/bundle", "/resolve", "/wheels/", "/simple", "/env/",
                                     "/client/", "/pyodide-lock.json", "/pyodide/", "/", "static"});
constexpr std::size_t landing_group = groups.size() - 2;
constexpr std::size_t static_group = groups.size() - 1;

std::size_t group_of(std::string_view path) {
  if (path == groups[landing_group]) return landing_group;
  const auto* const end = groups.begin() + landing_group;
  const auto* const found =
      std::find_if(groups.begin(), end, [path](std::string_view prefix) { return path.starts_with(prefix); });
  return found == end ? static_group : static_cast<std::size_t>(found - groups.begin());
}

constexpr std::size_t status_count = 600;

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
  // Where the family's counters are, because finding one there costs more than a small response: by group,
  // status, and protocol. Null until one is needed.
  std::array<std::array<std::array<std::atomic<prometheus::Counter*>, 2>, status_count>, groups.size()>
      counters{};

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
        family("wheelbarrow_deltas_made_total", "Bundles coded with an older one as dictionary",
               MetricType::Counter, number(counts.deltas_made.load())),
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
  const std::size_t group = group_of(request.path);
  const bool is_http2 = request.protocol == http::Protocol::http2;
  auto& place = state_->counters.at(group)
                    .at(std::min<std::size_t>(response.status, status_count - 1))
                    .at(is_http2 ? 1 : 0);
  prometheus::Counter* counter = place.load();
  if (counter == nullptr) {
    counter = &state_->requests.Add({{"route", std::string(groups.at(group))},
                                     {"status", std::to_string(response.status)},
                                     {"protocol", is_http2 ? "h2" : "http/1.1"}});
    place = counter;
  }
  counter->Increment();
}

std::string Metrics::text() const {
  auto families = state_->registry.Collect();
  for (auto& more : state_->read()) {
    families.push_back(std::move(more));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace wheelbarrow::app
