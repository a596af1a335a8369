#include "app/request_counts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "app/access_line.hpp"

namespace wheelbarrow::app {
namespace {

// Few values of each label, whatever clients ask for. A path belongs to the first route that it begins with.
constexpr auto routes = std::to_array<std::string_view>({"/bundles/", "/bundle", "/resolve", "/wheels/",
                                                         "/simple", "/env/", "/client/", "/legacy/",
                                                         "/pyodide-lock.json", "/pyodide/", "/", "static"});
constexpr std::size_t landing_route = routes.size() - 2;
constexpr std::size_t static_route = routes.size() - 1;
constexpr auto statuses = std::to_array<unsigned>({200, 204, 206, 304, 307, 308, 400, 401, 403, 404, 405, 406,
                                                   408, 409, 412, 413, 414, 415, 416, 417, 421, 422, 429, 431,
                                                   499, 500, 501, 502, 503, 504, 505, 507, 0});  // 0: others
constexpr auto codings = std::to_array<std::string_view>({"identity", "zstd", "gzip", "br", "dcz", "other"});
constexpr auto protocols = std::to_array<std::string_view>({"http/1.1", "h2"});
// Upper bounds in seconds: from an answer in memory to a large bundle over a slow link.
constexpr auto bounds = std::to_array<double>(
    {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300});

std::size_t route_of(std::string_view path) {
  if (path == routes[landing_route]) return landing_route;
  const auto* const end = routes.begin() + landing_route;
  const auto* const found =
      std::find_if(routes.begin(), end, [path](std::string_view prefix) { return path.starts_with(prefix); });
  return found == end ? static_route : static_cast<std::size_t>(found - routes.begin());
}

// The place of a value in a table whose last entry stands for all others.
template <class T, std::size_t size>
std::size_t place_of(const std::array<T, size>& table, const T& value) {
  return static_cast<std::size_t>(std::find(table.begin(), table.end() - 1, value) - table.begin());
}

// Written by one thread, read by any.
class Count {
 public:
  void add(std::uint64_t more) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct Histogram {
  std::array<Count, bounds.size() + 1> buckets;
  Count nanoseconds;

  void add(std::chrono::steady_clock::duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    const auto* const bound = std::ranges::lower_bound(bounds, seconds);
    buckets.at(static_cast<std::size_t>(bound - bounds.begin())).add(1);
    nanoseconds.add(static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)));
  }
};

using Labels = std::vector<prometheus::ClientMetric::Label>;

}  // namespace

struct alignas(64) RequestCounts::Loop {
  // By route, and within it by protocol, coding and status.
  std::array<std::array<std::array<std::array<Count, statuses.size()>, codings.size()>, protocols.size()>,
             routes.size()>
      responses;
  std::array<std::array<std::array<Count, codings.size()>, protocols.size()>, routes.size()> bytes;
  std::array<Histogram, routes.size()> answers;
  std::array<Histogram, routes.size()> durations;
};

RequestCounts::RequestCounts(unsigned loops) {
  for (unsigned i = 0; i < loops; ++i) {
    loops_.push_back(std::make_unique<Loop>());
  }
}

RequestCounts::~RequestCounts() = default;

void RequestCounts::count(const http::Exchange& exchange) {
  Loop& loop = *loops_[exchange.loop];
  const std::size_t route = route_of(exchange.request.path);
  const std::size_t protocol = exchange.request.protocol == http::Protocol::http2 ? 1 : 0;
  const std::size_t coding = place_of(codings, logged_coding(exchange));
  const std::size_t status = place_of(statuses, logged_status(exchange));
  loop.responses[route][protocol][coding][status].add(1);
  loop.bytes[route][protocol][coding].add(exchange.sent);
  loop.answers[route].add(exchange.until_answer);
  loop.durations[route].add(exchange.duration);
}

std::vector<prometheus::MetricFamily> RequestCounts::read() const {
  const auto sum = [this](const auto& count_of) {
    std::uint64_t all = 0;
    for (const auto& loop : loops_) {
      all += count_of(*loop).value();
    }
    return all;
  };
  prometheus::MetricFamily responses{"wheelbarrow_http_requests_total",
                                     "Requests that are over, by group of URLs, status, coding and protocol",
                                     prometheus::MetricType::Counter,
                                     {}};
  prometheus::MetricFamily bytes{"wheelbarrow_http_sent_bytes_total",
                                 "Bytes of their responses' bodies, as coded",
                                 prometheus::MetricType::Counter,
                                 {}};
  const auto add = [](prometheus::MetricFamily& family, std::uint64_t value, Labels labels) {
    if (value == 0) return;
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = static_cast<double>(value);
    family.metric.push_back(std::move(metric));
  };
  for (std::size_t r = 0; r < routes.size(); ++r) {
    for (std::size_t p = 0; p < protocols.size(); ++p) {
      for (std::size_t c = 0; c < codings.size(); ++c) {
        Labels labels{{"route", std::string(routes[r])},
                      {"protocol", std::string(protocols[p])},
                      {"coding", std::string(codings[c])}};
        add(bytes, sum([&](const Loop& loop) -> auto& { return loop.bytes[r][p][c]; }), labels);
        labels.push_back({"status", {}});
        for (std::size_t s = 0; s < statuses.size(); ++s) {
          labels.back().value = statuses[s] == 0 ? "other" : std::to_string(statuses[s]);
          add(responses, sum([&](const Loop& loop) -> auto& { return loop.responses[r][p][c][s]; }), labels);
        }
      }
    }
  }
  const auto histogram = [&](const char* name, const char* help, const auto member) {
    prometheus::MetricFamily family{name, help, prometheus::MetricType::Histogram, {}};
    for (std::size_t r = 0; r < routes.size(); ++r) {
      prometheus::ClientMetric metric;
      metric.label = {{"route", std::string(routes[r])}};
      std::uint64_t below = 0;
      for (std::size_t b = 0; b <= bounds.size(); ++b) {
        below += sum([&](const Loop& loop) -> auto& { return std::invoke(member, loop)[r].buckets[b]; });
        if (b < bounds.size()) metric.histogram.bucket.push_back({below, bounds[b]});
      }
      if (below == 0) continue;
      metric.histogram.sample_count = below;
      metric.histogram.sample_sum = static_cast<double>(sum([&](const Loop& loop) -> auto& {
                                      return std::invoke(member, loop)[r].nanoseconds;
                                    })) /
                                    1e9;
      family.metric.push_back(std::move(metric));
    }
    return family;
  };
  return {
      std::move(responses), std::move(bytes),
      histogram("wheelbarrow_http_answer_seconds", "From a request's arrival until its response was there",
                &Loop::answers),
      histogram("wheelbarrow_http_request_duration_seconds",
                "From a request's arrival until the connection had taken its response", &Loop::durations)};
}

}  // namespace wheelbarrow::app
