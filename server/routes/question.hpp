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
#include "packaging/target.hpp"
#include "resolver/resolver.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

using CatalogPtr = std::shared_ptr<const wheelhouse::Catalog>;

// The target a request names: the distribution's, a known one, or an alias (packaging::parse_target).
Result<packaging::Target> find_request_target(const wheelhouse::Catalog& catalog, std::string_view name);

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
  packaging::Target target;
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
  // option would silently give another bundle.
  static Result<Question> parse(std::string_view query, CatalogPtr catalog,
                                const packaging::Target& default_target);

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
