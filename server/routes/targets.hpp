// Which environment a request is for.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bundle/lru_cache.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

// A target of one's own: "NAME=PYTHON:TAG,TAG", for example
// "robot=3.12.4:manylinux_2_36_aarch64,linux_aarch64" with the best platform tag first, or "NAME=FILE" with
// a pyodide-lock.json. The name is of letters, digits, '.', '_' and '-', and no known target's.
Result<packaging::Target> define_target(std::string_view text);
Result<std::vector<packaging::Target>> define_targets(std::span<const std::string> texts);

// The target of that name: one of the defined, a known one, or an alias (packaging::parse_target).
Result<packaging::Target> find_target(std::string_view name, std::span<const packaging::Target> defined);
// The same, or the distribution's.
Result<packaging::Target> find_target(const wheelhouse::Catalog& catalog, std::string_view name,
                                      std::span<const packaging::Target> defined);

// The target of a request that names none: the Pyodide distribution's; else the newest known Pyodide that
// some wheel with compiled code in the catalog is for; else the newest Pyodide that is no pre-release.
packaging::Target choose_default_target(const wheelhouse::Catalog& catalog);

using TargetPtr = std::shared_ptr<const packaging::Target>;

// The same, remembered per catalog. Safe from every thread.
class Targets {
 public:
  // `default_name`: the target of requests that name none; empty for choose_default_target().
  Targets(std::string default_name, std::vector<packaging::Target> defined)
      : default_name_(std::move(default_name)), defined_(std::move(defined)) {}

  Result<TargetPtr> find(const wheelhouse::Catalog& catalog, std::string_view name);
  TargetPtr standard(const wheelhouse::Catalog& catalog);
  // Whether the target has a name: a known one, a defined one, or the distribution's own. There are few of
  // these and any number of others.
  bool is_named(const wheelhouse::Catalog& catalog, const packaging::Target& target) const;
  std::span<const packaging::Target> defined() const { return defined_; }

 private:
  std::string default_name_;
  std::vector<packaging::Target> defined_;
  bundle::LruCache<TargetPtr> known_{64};
};

}  // namespace wheelbarrow::routes
