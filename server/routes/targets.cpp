#include "routes/targets.hpp"

#include <algorithm>
#include <utility>

namespace wheelbarrow::routes {
namespace {

// The newest Pyodide whose Python is released.
constexpr std::string_view fallback_target = "pyodide-314";

bool has_compiled_wheel(const wheelhouse::Catalog& catalog, const packaging::Target& target) {
  return std::ranges::any_of(catalog.wheels(), [&](const wheelhouse::WheelPtr& wheel) {
    const auto& tags = wheel->parsed.tags;
    return target.rank(tags) &&
           std::ranges::none_of(tags, [](const packaging::Tag& tag) { return tag.platform == "any"; });
  });
}

}  // namespace

Result<packaging::Target> find_target(const wheelhouse::Catalog& catalog, std::string_view name) {
  auto target = packaging::parse_target(name);
  // The distribution's own environment, under whichever name, has an exact Python.
  if (catalog.pyodide()) {
    const packaging::Target& own = catalog.pyodide()->target;
    if (own.name() == name || (target && own.name() == target->name())) return own;
  }
  return target;
}

packaging::Target choose_default_target(const wheelhouse::Catalog& catalog) {
  if (catalog.pyodide()) return catalog.pyodide()->target;
  const packaging::Target* chosen = packaging::find_target(fallback_target);
  const packaging::Version* newest = nullptr;
  for (const packaging::Target& target : packaging::known_targets()) {
    if (target.is_emscripten() && (newest == nullptr || target.python() >= *newest) &&
        has_compiled_wheel(catalog, target)) {
      chosen = &target;
      newest = &target.python();
    }
  }
  return *chosen;
}

Result<TargetPtr> Targets::find(const wheelhouse::Catalog& catalog, std::string_view name) {
  const std::string key = catalog.id().hex() + sha256(name).hex();
  if (auto known = known_.get(key)) return std::move(*known);
  auto target = find_target(catalog, name);
  if (!target) return std::unexpected(target.error());
  TargetPtr shared = std::make_shared<const packaging::Target>(std::move(*target));
  known_.put(key, shared);
  return shared;
}

TargetPtr Targets::standard(const wheelhouse::Catalog& catalog) {
  if (!default_name_.empty()) {
    if (auto target = find(catalog, default_name_)) return std::move(*target);
  }
  const std::string key = catalog.id().hex();
  if (auto known = known_.get(key)) return std::move(*known);
  TargetPtr shared = std::make_shared<const packaging::Target>(choose_default_target(catalog));
  known_.put(key, shared);
  return shared;
}

}  // namespace wheelbarrow::routes
