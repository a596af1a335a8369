#include "app/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <chrono>
#include <utility>
#include <vector>

namespace wheelbarrow::app {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Built up series by series; a value is a counter's or a gauge's.
class Families {
 public:
  explicit Families(std::vector<MetricFamily> begun) : families_(std::move(begun)) {}

  template <class Value>
  void counter(const char* name, const char* help, Value value) {
    begin(name, help, MetricType::Counter);
    add({}, value);
  }
  template <class Value>
  void gauge(const char* name, const char* help, Value value) {
    begin(name, help, MetricType::Gauge);
    add({}, value);
  }
  void begin(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
  }
  // To the family that was begun last.
  template <class Value>
  void add(std::vector<ClientMetric::Label> labels, Value value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = metric.gauge.value = static_cast<double>(value);
    families_.back().metric.push_back(std::move(metric));
  }

  const std::vector<MetricFamily>& all() const { return families_; }

 private:
  std::vector<MetricFamily> families_;
};

void add_connections(Families& families, const MetricSources& sources) {
  const http::ConnectionStatistics connections = sources.server.statistics();
  families.gauge("wheelbarrow_connections", "Open connections", connections.open);
  families.gauge("wheelbarrow_connections_limit", "Connections that may be open", connections.limit);
  families.counter("wheelbarrow_connections_accepted_total", "Connections that came, refused ones included",
                   connections.accepted);
  families.counter("wheelbarrow_connections_refused_total", "Connections closed at once because of a limit",
                   connections.refused);
  families.counter("wheelbarrow_tls_handshake_failures_total", "TLS handshakes that came to nothing",
                   connections.failed_handshakes);
}

void add_builds(Families& families, const MetricSources& sources) {
  const bundle::Engine& engine = sources.engine;
  const bundle::EngineStatistics& counts = engine.statistics();
  families.gauge("wheelbarrow_builds_pending", "Different answers being made", engine.pending());
  families.gauge("wheelbarrow_builds_limit", "Different answers that may be made at a time",
                 engine.max_pending());
  families.counter("wheelbarrow_builds_refused_total",
                   "Answers refused with 503 because so many were being made", counts.builds_refused.load());
  families.gauge("wheelbarrow_background_backlog", "Background jobs waiting or running",
                 engine.background_backlog());
  families.counter("wheelbarrow_bundles_assembled_total", "Bundles joined and hashed",
                   counts.bundles_assembled.load());
  families.counter("wheelbarrow_layers_built_total", "Wheels unpacked into layers",
                   counts.layers_built.load());
  families.counter("wheelbarrow_layer_failures_total", "Layers that could not be made",
                   counts.layers_failed.load());
  families.counter("wheelbarrow_forms_built_total", "Layers and files compressed", counts.forms_built.load());
  families.counter("wheelbarrow_deltas_made_total", "Bundles coded with an older one as dictionary",
                   counts.deltas_made.load());
  families.counter("wheelbarrow_wheels_copied_total", "Wheels copied into the store",
                   counts.wheels_copied.load());
  families.begin("wheelbarrow_cache_lookups_total", "Looks into memory by kind of thing and result",
                 MetricType::Counter);
  for (const bundle::CacheUse& use : sources.router.caches()) {
    const std::string kind(use.kind);
    families.add({{"kind", kind}, {"result", "hit"}}, use.counts.hits);
    families.add({{"kind", kind}, {"result", "miss"}}, use.counts.misses);
  }
}

void add_store(Families& families, const MetricSources& sources) {
  const auto statistics = sources.store.statistics();
  const store::Statistics known = statistics ? *statistics : store::Statistics();
  std::uint64_t layers = 0;
  for (const store::Share& share : known.shares) {
    if (share.kind == "layer") layers += share.names;
  }
  families.begin("wheelbarrow_layers", "Layers that are in the store or being made", MetricType::Gauge);
  families.add({{"state", "stored"}}, layers);
  families.add({{"state", "building"}}, sources.engine.layers_pending());
  families.gauge("wheelbarrow_store_readable", "Whether the store's index could be read (1) or not (0)",
                 statistics ? 1 : 0);
  families.gauge("wheelbarrow_store_writable", "Whether the store can be written (1) or not (0)",
                 sources.store.check_writable() ? 1 : 0);
  families.gauge("wheelbarrow_store_bytes", "Bytes of all blobs", known.bytes);
  families.gauge("wheelbarrow_store_blobs", "Blobs in the store", known.blobs);
  families.gauge("wheelbarrow_store_budget_bytes", "Bytes that the store may hold; 0: no limit",
                 sources.store_budget);
  families.begin("wheelbarrow_store_kind_bytes",
                 "Bytes of blobs by what they are; one with two names counts twice", MetricType::Gauge);
  for (const store::Share& share : known.shares) {
    families.add({{"kind", share.kind}, {"rank", std::string(store::name_of(share.rank))}}, share.bytes);
  }
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void add_process(Families& families, std::chrono::system_clock::time_point started) {
  families.gauge("process_start_time_seconds", "When the program started, in Unix time",
                 std::chrono::duration<double>(started.time_since_epoch()).count());
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  families.counter("process_cpu_seconds_total", "Processor time of the program",
                   seconds(used.ru_utime) + seconds(used.ru_stime));
  families.begin("wheelbarrow_build_info", "1, labelled with the program's version", MetricType::Gauge);
  families.add({{"version", WHEELBARROW_VERSION}}, 1);
}

}  // namespace

std::string metrics_text(const MetricSources& sources) {
  Families families(sources.requests.read());
  const auto catalog = sources.wheelhouse.catalog();
  families.gauge("wheelbarrow_catalog_wheels", "Wheels that are served", catalog->wheels().size());
  families.gauge("wheelbarrow_catalog_refused", "Wheels that were refused", catalog->refusals().size());
  add_connections(families, sources);
  add_builds(families, sources);
  add_store(families, sources);
  families.counter("wheelbarrow_access_log_dropped_total",
                   "Lines of the access log that could not be written", sources.access_log.dropped());
  add_process(families, sources.started);
  return prometheus::TextSerializer().Serialize(families.all());
}

}  // namespace wheelbarrow::app
