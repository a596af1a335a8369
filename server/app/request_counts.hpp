// Requests counted for /metrics. Each event loop counts in memory of its own, without locks or shared cache
// lines; reading adds up.
#pragma once

#include <prometheus/metric_family.h>

#include <memory>
#include <vector>

#include "http/server.hpp"

namespace wheelbarrow::app {

class RequestCounts {
 public:
  explicit RequestCounts(unsigned loops);
  ~RequestCounts();

  // Of an http::Observer.
  void count(const http::Exchange& exchange);

  // From any thread. Series that were never counted are left out.
  std::vector<prometheus::MetricFamily> read() const;

 private:
  struct Loop;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace wheelbarrow::app
