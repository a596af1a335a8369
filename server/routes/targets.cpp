#include <algorithm>

#include "routes/context.hpp"

namespace wheelbarrow::routes {
namespace {

bool has_compiled_wheel(const wheelhouse::Catalog& catalog, const packaging::Target& target) {
  return std::ranges::any_of(catalog.wheels(), [&](const wheelhouse::WheelPtr& wheel) {
    const auto& tags = wheel->parsed.tags;
    return target.rank(tags) &&
           std::ranges::none_of(tags, [](const packaging::Tag& tag) { return tag.platform == "any"; });
  });
}

// The newest Pyodide whose Python is released.
constexpr std::string_view fallback_target = "pyodide-314";

}  // namespace

packaging::Target choose_default_target(const wheelhouse::Catalog& catalog) {
  if (catalog.pyodide()) return catalog.pyodide()->target;
  const auto& known = packaging::known_targets();
  const packaging::Target* chosen = packaging::find_target(fallback_target);
  const packaging::Version* newest = nullptr;
  for (const packaging::Target& target : known) {
    if (target.is_emscripten() && (newest == nullptr || target.python() >= *newest) &&
        has_compiled_wheel(catalog, target)) {
      chosen = &target;
      newest = &target.python();
    }
  }
  return *chosen;
}

packaging::Target Context::default_target(const wheelhouse::Catalog& catalog) const {
  if (!options.default_target.empty()) {
    if (auto target = find_request_target(catalog, options.default_target)) return std::move(*target);
  }
  return choose_default_target(catalog);
}

}  // namespace wheelbarrow::routes
