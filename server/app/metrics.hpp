// What /metrics says, in Prometheus' text format. The names are in the README.
#pragma once

#include <memory>
#include <string>

#include "bundle/engine.hpp"
#include "http/message.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::app {

class Metrics {
 public:
  // REQUIRES: both outlive this object.
  Metrics(const wheelhouse::Wheelhouse& wheelhouse, const bundle::Engine& engine);
  ~Metrics();

  // Counts one response. Safe from every thread.
  void count(const http::Request& request, const http::Response& response);
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wheelbarrow::app
