#include "routes/targets.hpp"

#include <algorithm>
#include <utility>

#include "wheelhouse/pyodide_lock.hpp"

namespace wheelbarrow::routes {
namespace {

constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

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

Result<packaging::Target> define_target(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string name(text.substr(0, equals));
  const auto refused = [text](std::string message) {
    return fail(ErrorKind::invalid_input, std::move(message), "target '" + std::string(text) + "'");
  };
  if (equals == std::string_view::npos || name.empty() ||
      name.find_first_not_of(name_characters) != name.npos)
    return refused("expected NAME=PYTHON:TAG,TAG or NAME=FILE, the name of letters, digits, '.', '_', '-'");
  if (packaging::find_target(name) != nullptr) return refused("there is a known target of that name");
  const std::string value(text.substr(equals + 1));
  if (value.ends_with(".json")) {
    const auto locked = wheelhouse::read_pyodide_target(value);
    if (!locked) return std::unexpected(locked.error());
    return packaging::Target::make(name, locked->python().str(), locked->platforms());
  }
  const std::size_t colon = value.find(':');
  std::vector<std::string> platforms;
  for (std::size_t at = colon; at < value.size();) {
    const std::size_t end = std::min(value.find(',', at + 1), value.size());
    platforms.push_back(value.substr(at + 1, end - at - 1));
    at = end;
  }
  auto target = packaging::Target::make(name, value.substr(0, colon), platforms);
  if (!target) return refused(target.error().message);
  return target;
}

Result<std::vector<packaging::Target>> define_targets(std::span<const std::string> texts) {
  std::vector<packaging::Target> targets;
  for (const std::string& text : texts) {
    auto target = define_target(text);
    if (!target) return std::unexpected(target.error());
    if (std::ranges::find(targets, target->name(), &packaging::Target::name) != targets.end())
      return fail(ErrorKind::invalid_input, "the target is defined twice", target->name());
    targets.push_back(std::move(*target));
  }
  return targets;
}

Result<packaging::Target> find_target(std::string_view name, std::span<const packaging::Target> defined) {
  const auto found = std::ranges::find(defined, name, &packaging::Target::name);
  if (found != defined.end()) return *found;
  return packaging::parse_target(name);
}

Result<packaging::Target> find_target(const wheelhouse::Catalog& catalog, std::string_view name,
                                      std::span<const packaging::Target> defined) {
  auto target = find_target(name, defined);
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
  auto target = find_target(catalog, name, defined_);
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

bool Targets::is_named(const wheelhouse::Catalog& catalog, const packaging::Target& target) const {
  const auto is_it = [&](const packaging::Target& named) { return named.name() == target.name(); };
  return packaging::find_target(target.name()) != nullptr || std::ranges::any_of(defined_, is_it) ||
         (catalog.pyodide() && is_it(catalog.pyodide()->target));
}

}  // namespace wheelbarrow::routes
