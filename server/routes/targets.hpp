// Which environment a request is for.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "bundle/lru_cache.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

// The target of that name: the distribution's, a known one, or an alias (packaging::parse_target).
Result<packaging::Target> find_target(const wheelhouse::Catalog& catalog, std::string_view name);

// The target of a request that names none: the Pyodide distribution's; else the newest known Pyodide that
// some wheel with compiled code in the catalog is for; else the newest Pyodide that is no pre-release.
packaging::Target choose_default_target(const wheelhouse::Catalog& catalog);

using TargetPtr = std::shared_ptr<const packaging::Target>;

// The same, remembered per catalog. Safe from every thread.
class Targets {
 public:
  // `default_name`: the target of requests that name none; empty for choose_default_target().
  explicit Targets(std::string default_name) : default_name_(std::move(default_name)) {}

  Result<TargetPtr> find(const wheelhouse::Catalog& catalog, std::string_view name);
  TargetPtr standard(const wheelhouse::Catalog& catalog);

 private:
  std::string default_name_;
  bundle::LruCache<TargetPtr> known_{64};
};

}  // namespace wheelbarrow::routes
