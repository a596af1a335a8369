// The question that /bundle, /resolve and /env ask: requirements, target, format. And its answers,
// remembered.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "bundle/engine.hpp"
#include "bundle/lru_cache.hpp"
#include "bundle/single_flight.hpp"
#include "resolver/resolver.hpp"
#include "routes/targets.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

using CatalogPtr = std::shared_ptr<const wheelhouse::Catalog>;

// What a set resolves to, and its plan as a bundle.
struct Resolution {
  resolver::Lock lock;
  bundle::Manifest planned;
  CatalogPtr catalog;  // that it was resolved on
};
using ResolutionPtr = std::shared_ptr<const Resolution>;

struct Question {
  CatalogPtr catalog;
  std::vector<std::string> requirements;  // as written, each one or several
  TargetPtr target;
  bundle::Format format = bundle::Format::site;
};

// What happened on the way to an answer, for Server-Timing.
struct Timing {
  std::chrono::duration<double, std::milli> resolve{};
  std::chrono::duration<double, std::milli> build{};
};

class Questions {
 public:
  explicit Questions(bundle::Engine& engine) : engine_(engine) {}

  // Reads `r` (repeated), `target` and `format` of a query; other names are refused, because a misspelt
  // option would silently give another bundle. Without a `target`, `fallback` is meant, or if that is null
  // the standard one.
  static Result<Question> parse(std::string_view query, CatalogPtr catalog, Targets& targets,
                                TargetPtr fallback = nullptr);

  // Resolves in a build thread; answers and explanations are remembered per catalog.
  boost::asio::awaitable<Result<ResolutionPtr>> resolve(const Question& question);
  // Resolves and makes the bundle. A set that was asked for before costs a look-up.
  boost::asio::awaitable<Result<bundle::BundlePtr>> bundle(const Question& question, Timing& timing);

  // Destroys what waits, uncalled.
  void stop() { flights_.clear(); }

 private:
  bundle::Engine& engine_;
  bundle::LruCache<Result<ResolutionPtr>> resolutions_{1024};
  bundle::LruCache<bundle::BundlePtr> bundles_{1024};
  bundle::SingleFlight<ResolutionPtr> flights_;
};

}  // namespace wheelbarrow::routes
