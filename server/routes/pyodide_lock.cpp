#include "routes/pyodide_lock.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "http/url.hpp"
#include "packaging/name.hpp"

namespace wheelbarrow::routes {
namespace json = boost::json;
Error no_distribution() {
  return {ErrorKind::not_found,
          "this server has no Pyodide distribution; start it with --pyodide FOLDER, the folder that holds "
          "pyodide.mjs and pyodide-lock.json",
          {}};
}

// Whether an entry of a distribution's lock says what file it is, and names what it depends on.
bool is_well_formed(const json::object& entry) {
  const json::value* const hash = entry.if_contains("sha256");
  const json::value* const depends = entry.if_contains("depends");
  return hash != nullptr && hash->is_string() && depends != nullptr && depends->is_array() &&
         std::ranges::all_of(depends->as_array(), [](const json::value& name) { return name.is_string(); });
}

struct PyodideLock::Content {
  std::string root;
  json::object lock;

  json::object& packages() { return lock["packages"].as_object(); }

  std::string wheel_url(const Sha256& sha256, std::string_view filename) const {
    return root + "wheels/" + sha256.hex() + '/' + http::percent_encode(filename);
  }

  std::string bundle_url(const Sha256& sha256) const { return root + "bundles/" + sha256.hex() + ".tar"; }

  // `name` is the project's name as its METADATA has it: Pyodide compares it with what it finds installed.
  json::object package(std::string_view name, std::string_view version, std::string_view file_name,
                       const Sha256& sha256) const {
    json::object package;
    package["name"] = name;
    package["version"] = version;
    package["file_name"] = file_name;
    package["install_dir"] = "site";
    package["sha256"] = sha256.hex();
    package["package_type"] = "package";
    package["unvendored_tests"] = false;
    return package;
  }

  void add_wheel(const wheelhouse::Wheel& wheel, const std::vector<std::string>& depends) {
    const bool library = wheel.kind == wheelhouse::WheelKind::shared_library;
    json::object entry = package(library ? wheel.name() : wheel.metadata.name, wheel.version().str(),
                                 wheel_url(wheel.sha256, wheel.filename), wheel.sha256);
    if (library) {
      entry["install_dir"] = "dynlib";
      entry["package_type"] = "shared_library";
    }
    entry["imports"] = json::value_from(wheel.imports);
    entry["depends"] = json::value_from(depends);
    packages()[wheel.name()] = std::move(entry);
  }

  // Removes from every package's `depends` what the lock doesn't name: Pyodide refuses to load past such a
  // gap.
  void drop_missing_depends() {
    for (auto& entry : packages()) {
      json::array known;
      for (const json::value& name : entry.value().as_object()["depends"].as_array()) {
        if (packages().contains(name.as_string())) known.push_back(name);
      }
      entry.value().as_object()["depends"] = std::move(known);
    }
  }
};

PyodideLock::PyodideLock(std::unique_ptr<Content> content) : content_(std::move(content)) {}
PyodideLock::PyodideLock(PyodideLock&&) noexcept = default;
PyodideLock& PyodideLock::operator=(PyodideLock&&) noexcept = default;
PyodideLock::~PyodideLock() = default;

Result<PyodideLock> PyodideLock::make(const wheelhouse::Catalog& catalog, std::string root) {
  if (!catalog.pyodide()) return std::unexpected(no_distribution());
  auto content = std::make_unique<Content>();
  content->root = std::move(root);
  try {
    const json::value original = json::parse(catalog.pyodide()->lock_text);
    content->lock["info"] = original.at("info");
    content->lock["packages"] = json::object();
    for (const auto& [name, value] : original.at("packages").as_object()) {
      const json::object& entry = value.as_object();
      if (!is_well_formed(entry)) continue;  // the wheelhouse has said so
      const auto hash = Sha256::from_hex(entry.at("sha256").as_string());
      const auto wheel = hash ? catalog.find(*hash) : nullptr;
      if (!wheel) continue;
      json::object kept = entry;
      kept["file_name"] = content->wheel_url(wheel->sha256, wheel->filename);
      content->packages()[name] = std::move(kept);
    }
  } catch (const std::exception& error) {  // Boost.JSON throws on a missing key or a value of another type
    return fail(ErrorKind::corrupt,
                std::string("the distribution's pyodide-lock.json can't be read: ") + error.what());
  }
  return PyodideLock(std::move(content));
}

namespace {

using BestWheels = std::map<std::string, wheelhouse::WheelPtr>;

// What a wheel needs without extras. A lock file knows no extras, so what another project's extras need is
// needed here.
std::set<std::string> needs_of(const BestWheels& best, const packaging::Target& target,
                               const wheelhouse::Wheel& wheel) {
  using Need = std::pair<const wheelhouse::Wheel*, std::string>;  // with an extra, or the empty one
  std::set<std::string> depends;
  std::vector<Need> open{{&wheel, ""}};
  std::set<Need> seen(open.begin(), open.end());
  while (!open.empty()) {
    const auto [with, extra] = std::move(open.back());
    open.pop_back();
    for (const packaging::Requirement& requirement : with->metadata.requires_dist) {
      if (requirement.marker && !requirement.marker->evaluate(target.markers(), extra)) continue;
      depends.insert(requirement.name);
      const auto needed = best.find(requirement.name);
      if (needed == best.end()) continue;
      for (const std::string& of_needed : requirement.extras) {
        Need need(needed->second.get(), of_needed);
        if (seen.insert(need).second) open.push_back(std::move(need));
      }
    }
  }
  return depends;
}

}  // namespace

void PyodideLock::forget_distribution() {
  content_->packages().clear();
}

void PyodideLock::add_wheelhouse(const wheelhouse::Catalog& catalog, const packaging::Target& target) {
  const auto is_taken = [&](const wheelhouse::Wheel& wheel) {
    return wheel.kind == wheelhouse::WheelKind::wheel && !wheel.yanked && target.rank(wheel.parsed.tags) &&
           target.satisfies(wheel.metadata.requires_python);
  };
  const auto is_better = [&](const wheelhouse::Wheel& a, const wheelhouse::Wheel& b) {
    if (a.version().is_prerelease() != b.version().is_prerelease()) return b.version().is_prerelease();
    if (a.version() != b.version()) return a.version() > b.version();
    return target.rank(a.parsed.tags) < target.rank(b.parsed.tags);
  };
  BestWheels best;
  for (const wheelhouse::WheelPtr& wheel : catalog.wheels()) {
    if (!is_taken(*wheel)) continue;
    auto& chosen = best[wheel->name()];
    if (!chosen || is_better(*wheel, *chosen)) chosen = wheel;
  }
  for (const auto& [name, wheel] : best) {
    std::set<std::string> depends = needs_of(best, target, *wheel);
    depends.insert(wheel->distribution_depends.begin(), wheel->distribution_depends.end());
    content_->add_wheel(*wheel, {depends.begin(), depends.end()});
  }
}

void PyodideLock::add(const resolver::Lock& lock) {
  for (const resolver::LockedWheel& locked : lock.wheels) {
    content_->add_wheel(*locked.wheel, locked.depends);
  }
}

void PyodideLock::add(const bundle::Bundle& bundle) {
  json::array imports;
  json::array libraries;
  for (const bundle::Member& member : bundle.manifest.members) {
    for (const std::string& name : member.imports) {
      imports.emplace_back(name);
    }
    json::object entry = content_->package(member.project, member.version,
                                           content_->wheel_url(member.wheel, member.filename), member.wheel);
    entry["imports"] = json::array();  // an import is answered by the bundle
    entry["depends"] = json::value_from(member.depends);
    if (member.shared_library) {
      entry["install_dir"] = "dynlib";
      entry["package_type"] = "shared_library";
      libraries.emplace_back(member.name);
    }
    content_->packages()[member.name] = std::move(entry);
  }
  json::array depends = libraries;
  const auto add_archive = [&](const std::string& name, const Sha256& sha256, json::array needs) {
    json::object& package =
        content_->packages()
            .insert_or_assign(name, content_->package(name, "1", content_->bundle_url(sha256), sha256))
            .first->value()
            .as_object();
    package["imports"] = json::array();
    package["depends"] = std::move(needs);
  };
  const auto& parts = bundle.manifest.parts;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string name = std::string(bundle_package) + '-' + std::to_string(i + 1);
    add_archive(name, parts[i].sha256, libraries);
    depends.emplace_back(name);
  }
  const std::string whole(bundle_package);
  add_archive(whole, parts.empty() ? bundle.sha256 : parts.front().sha256, std::move(depends));
  content_->packages()[whole].as_object()["imports"] = std::move(imports);
}

std::string PyodideLock::text() const {
  content_->drop_missing_depends();
  return json::serialize(content_->lock);
}

}  // namespace wheelbarrow::routes
