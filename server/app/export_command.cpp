// Everything is made before the first file is written, and files that name others are written after them: an
// export that fails leaves the folder as useful as it was.
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "app/bundle_options.hpp"
#include "app/command.hpp"
#include "app/export_folder.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"
#include "app/static_host.hpp"
#include "bundle/wait.hpp"
#include "resolver/resolver.hpp"
#include "routes/bundle_json.hpp"
#include "routes/lock_json.hpp"
#include "routes/pyodide_lock.hpp"
#include "routes/requirement_list.hpp"
#include "web/assets.hpp"
#include "wheelhouse/pyodide_lock.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._,-";
constexpr std::size_t longest_name = 100;

struct NamedSet {
  std::string name;  // of its folder and its JSON file
  packaging::RequirementSet asked;
};

// A name that every file system and URL takes as it is: what isn't of `name_characters` becomes '-'.
std::string name_after(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (c == ' ') continue;
    const bool kept = name_characters.find(c) != std::string_view::npos;
    if (kept || (!name.empty() && name.back() != '-')) name += kept ? c : '-';
  }
  const std::size_t begin = name.find_first_not_of(".-");
  return begin == std::string::npos ? "" : name.substr(begin, name.find_last_not_of(".-") + 1 - begin);
}

// "NAME:SET" or "SET": the name, or nothing, and the set.
std::pair<std::string_view, std::string_view> split_name(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos ||
      text.substr(0, colon).find_first_not_of(name_characters) != text.npos)
    return {{}, text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Result<std::vector<NamedSet>> read_sets(const Selection& selection) {
  std::vector<NamedSet> sets;
  std::set<std::string> names;
  const auto add = [&](std::string_view name, const Selection& one) -> Result<void> {
    auto asked = one.read_requirements();
    if (!asked) return std::unexpected(asked.error());
    std::string safe = name_after(name);
    const std::string where = "set '" + std::string(name) + "'";
    if (safe.empty() || safe.size() > longest_name)
      return fail(ErrorKind::invalid_input, "its files need a shorter name; write NAME:SET", where);
    if (!names.insert(safe).second)
      return fail(ErrorKind::invalid_input, "two sets would be called '" + safe + "'; write NAME:SET", where);
    sets.push_back({std::move(safe), std::move(*asked)});
    return {};
  };
  for (const std::string& text : selection.requirements) {
    const auto [name, set] = split_name(text);
    Selection one = selection;
    one.requirement_files.clear();
    const auto pieces = routes::split_requirements(set);
    one.requirements.assign(pieces.begin(), pieces.end());
    if (auto added = add(name.empty() ? set : name, one); !added) return std::unexpected(added.error());
  }
  for (const std::string& file : selection.requirement_files) {
    Selection one = selection;
    one.requirements.clear();
    one.requirement_files = {file};
    if (auto added = add(fs::path(file).stem().native(), one); !added) return std::unexpected(added.error());
  }
  if (sets.empty()) return fail(ErrorKind::invalid_input, "no requirement set was given");
  return sets;
}

class Exporter {
 public:
  using CatalogPtr = std::shared_ptr<const wheelhouse::Catalog>;

  // REQUIRES: the engine outlives this object.
  Exporter(const fs::path& folder, CatalogPtr catalog, packaging::Target target, bundle::Engine& engine,
           bundle::Effort effort)
      : folder_(folder, engine, effort),
        catalog_(std::move(catalog)),
        target_(std::move(target)),
        engine_(engine),
        effort_(effort) {}

  // Makes a set's bundle and parts.
  Result<void> make(const NamedSet& set, const bundle::StripSet& strip,
                    const std::optional<bundle::BytecodeRecipe>& bytecode) {
    auto lock = resolver::resolve(*catalog_, target_, set.asked);
    if (!lock) {
      const Error& why = lock.error();
      return fail(why.kind, why.message, why.where.empty() ? "set '" + set.name + "'" : why.where);
    }
    const auto planned = bundle::plan(*lock, target_, bundle::Format::site, strip, bytecode);
    const auto whole = bundle::wait_for<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
      engine_.bundle(planned, catalog_, std::move(done));
    });
    if (!whole) return std::unexpected(whole.error());
    for (const bundle::Part& part : (*whole)->manifest.parts) {
      const auto found = bundle::wait_for<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
        engine_.find_bundle(part.sha256, catalog_, std::move(done));
      });
      if (!found) return std::unexpected(found.error());
      bundles_.emplace((*found)->sha256, *found);
    }
    bundles_.emplace((*whole)->sha256, *whole);
    sets_.push_back({set.name, std::move(*lock), *whole});
    return {};
  }

  // The runtime's files: all of the folder but the lock and the packages that it names.
  Result<void> take_runtime(const fs::path& pyodide) {
    const auto lock = wheelhouse::read_pyodide_lock(pyodide);
    if (!lock) return std::unexpected(lock.error());
    std::set<std::string> packages{"pyodide-lock.json"};
    for (const wheelhouse::LockedPackage& package : lock->packages) {
      packages.insert(package.file_name);
    }
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(pyodide, error)) {
      const std::string name = entry.path().filename();
      const bool archive =
          name.ends_with(".whl") || name.ends_with(".whl.metadata") || name.ends_with(".tar");
      if (entry.is_regular_file(error) && !name.starts_with('.') && !archive && !packages.contains(name))
        files.push_back(entry.path());
    }
    if (error) return fail(ErrorKind::io, "can't read the folder: " + error.message(), pyodide);
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      const auto blob = bundle::wait_for<store::Blob>(
          [&](bundle::Callback<store::Blob> done) { engine_.file(file, std::move(done)); });
      if (!blob) return std::unexpected(blob.error());
      runtime_.emplace_back(file.filename(), *blob);
    }
    return {};
  }

  // Begins with the forms that take long, so that they are made side by side: the best joined ones in the
  // background, then Brotli, for which nobody waits before write().
  Result<void> encode() {
    for (const auto& [sha256, bundle] : bundles_) {
      if (auto joined = encode_joined(bundle); !joined) return joined;
    }
    for (const auto& [name, blob] : runtime_) {
      if (!has_forms(name)) continue;
      if (auto joined = encode_joined(blob); !joined) return joined;
    }
    const auto nobody = [](const Result<bundle::Encoded>&) {};
    for (const auto& [sha256, bundle] : bundles_) {
      engine_.solid(bundle, effort_, nobody);
    }
    for (const auto& [name, blob] : runtime_) {
      if (has_forms(name)) engine_.solid(blob, effort_, nobody);
    }
    return {};
  }

  Result<void> write() {
    if (auto cleaned = folder_.clean(); !cleaned) return cleaned;
    for (const auto& step : {&Exporter::write_bundles, &Exporter::write_wheels, &Exporter::write_runtimes,
                             &Exporter::write_client, &Exporter::write_indexes}) {
      if (auto written = (this->*step)(); !written) return written;
    }
    return {};
  }

  void print() const {
    for (const Set& set : sets_) {
      std::printf("%s  bundles/%s.tar  sets/%s.json%s\n", set.name.c_str(), set.bundle->sha256.hex().c_str(),
                  set.name.c_str(), runtime_.empty() ? "" : ("  env/" + set.name + "/").c_str());
    }
  }

 private:
  struct Set {
    std::string name;
    resolver::Lock lock;
    bundle::BundlePtr bundle;
  };

  template <class Content>
  Result<void> encode_joined(const Content& content) {
    for (const StaticForm& form : static_forms) {
      if (!form.form) continue;
      const auto encoded = bundle::wait_for<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
        engine_.encode(content, *form.form, std::move(done));
      });
      if (!encoded) return std::unexpected(encoded.error());
    }
    return {};
  }

  static std::string bundle_path(const Sha256& sha256) { return "bundles/" + sha256.hex() + ".tar"; }

  // Adds to a bundle's JSON, and to that of its parts, how large its files are, and names the gzip file for
  // hosts that send .tar files as they are: the loader unpacks gzip itself there.
  Result<json::object> described(const bundle::Bundle& bundle) const {
    json::object whole = routes::to_json(bundle, "../");
    const auto add = [this](json::object& one, const Sha256& sha256) -> Result<void> {
      auto sizes = folder_.sizes(bundle_path(sha256));
      if (!sizes) return std::unexpected(sizes.error());
      one["sizes"] = std::move(*sizes);
      one["gzip"] = std::string(one.at("url").as_string()) + ".gz";
      return {};
    };
    if (auto added = add(whole, bundle.sha256); !added) return std::unexpected(added.error());
    json::array& parts = whole["parts"].as_array();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (auto added = add(parts[i].as_object(), bundle.manifest.parts[i].sha256); !added)
        return std::unexpected(added.error());
    }
    return whole;
  }

  Result<void> write_bundles() {
    for (const auto& [sha256, bundle] : bundles_) {
      if (auto written = folder_.write(bundle_path(sha256), bundle); !written) return written;
    }
    return {};
  }

  // What a lock file names: Pyodide loads shared libraries by themselves, and a wheel when it is asked for
  // one.
  Result<void> write_wheels() {
    if (runtime_.empty()) return {};
    for (const Set& set : sets_) {
      for (const resolver::LockedWheel& locked : set.lock.wheels) {
        const auto blob = bundle::wait_for<store::Blob>(
            [&](bundle::Callback<store::Blob> done) { engine_.wheel(locked.wheel, std::move(done)); });
        if (!blob) return std::unexpected(blob.error());
        const std::string path = "wheels/" + locked.wheel->sha256.hex() + '/' + locked.wheel->filename;
        if (auto written = folder_.write(path, *blob); !written) return written;
      }
    }
    return {};
  }

  Result<void> write_runtimes() {
    for (const Set& set : sets_) {
      for (const auto& [name, blob] : runtime_) {
        if (auto written = folder_.write("env/" + set.name + '/' + name, blob); !written) return written;
      }
    }
    return {};
  }

  Result<void> write_client() {
    for (const web::Asset& asset : web::all()) {
      if (!asset.is_loader) continue;
      if (auto written = folder_.write(asset.path.substr(1), asset.content); !written) return written;
    }
    return {};
  }

  Result<void> write_indexes() {
    if (auto written = folder_.write("nginx.conf", nginx_rules()); !written) return written;
    if (auto written = folder_.write(".htaccess", htaccess_file()); !written) return written;
    if (auto written = folder_.write("_headers", headers_file()); !written) return written;
    for (const Set& set : sets_) {
      if (!runtime_.empty()) {
        auto lock = routes::PyodideLock::make(*catalog_, "../../");
        if (!lock) return std::unexpected(lock.error());
        lock->forget_distribution();
        lock->add(*set.bundle);
        if (auto written = folder_.write("env/" + set.name + "/pyodide-lock.json", lock->text()); !written)
          return written;
      }
      json::object resolved = routes::to_json(set.lock, runtime_.empty() ? "" : "..");
      auto bundle = described(*set.bundle);
      if (!bundle) return std::unexpected(bundle.error());
      resolved["bundle"] = std::move(*bundle);
      if (auto written = folder_.write("sets/" + set.name + ".json", json::serialize(resolved)); !written)
        return written;
    }
    return {};
  }

  ExportFolder folder_;
  CatalogPtr catalog_;
  packaging::Target target_;
  bundle::Engine& engine_;
  bundle::Effort effort_;
  std::vector<Set> sets_;
  std::map<Sha256, bundle::BundlePtr> bundles_;
  std::vector<std::pair<std::string, store::Blob>> runtime_;  // file names of the runtime
};

// Waits for the best forms, which are made in the background.
void wait_for_background(const bundle::Engine& engine) {
  constexpr auto pause = std::chrono::milliseconds(20);
  std::size_t said = 0;
  std::size_t left = engine.background_backlog();
  while (left > 0) {
    if (left != said) std::fprintf(stderr, "compressing, %zu to go\n", left);
    said = left;
    std::this_thread::sleep_for(pause);
    left = engine.background_backlog();
  }
}

Result<void> export_to(const fs::path& folder, const Selection& selection, BundleOptions& options,
                       store::Store& store) {
  const auto sets = read_sets(selection);
  if (!sets) return std::unexpected(sets.error());
  const auto wheelhouse = selection.open_wheelhouse();
  if (!wheelhouse) return std::unexpected(wheelhouse.error());
  const auto catalog = (*wheelhouse)->catalog();
  const auto target = selection.find_target(*catalog);
  if (!target) return std::unexpected(target.error());
  if (catalog->pyodide() && target->name() != catalog->pyodide()->target.name()) {
    return fail(ErrorKind::invalid_input, "env/ is for the Pyodide that is given, " +
                                              catalog->pyodide()->target.name() +
                                              "; leave --target or --pyodide out");
  }
  const auto bytecode = options.choose_bytecode(*catalog, *target);
  if (!bytecode) return std::unexpected(bytecode.error());
  std::atomic<bool> failed = false;
  options.engine.background_failure = [&failed](const Error& error) {
    std::fprintf(stderr, "wheelbarrow: %s\n", error.text().c_str());
    failed = true;
  };
  bundle::Engine engine(store, options.engine);
  const auto effort = options.engine.upgrade ? bundle::Effort::best : bundle::Effort::fast;
  Exporter exporter(folder, catalog, *target, engine, effort);
  for (const NamedSet& set : *sets) {
    if (auto made = exporter.make(set, options.strip, *bytecode); !made) return made;
  }
  if (!selection.pyodide.empty()) {
    if (auto taken = exporter.take_runtime(selection.pyodide); !taken) return taken;
  }
  if (auto begun = exporter.encode(); !begun) return begun;
  wait_for_background(engine);
  if (failed) return fail(ErrorKind::io, "not everything could be compressed");
  if (auto written = exporter.write(); !written) return written;
  exporter.print();
  return {};
}

}  // namespace

int export_command(const Arguments& arguments) {
  CLI::App app("Write the bundles of requirement sets into a folder that any static host can serve",
               "wheelbarrow export");
  Selection selection;
  selection.add_options(app);
  app.get_option("requirements")
      ->description(
          "requirement sets, e.g. 'numpy,lxml>=5'; each has its files under a name made from it or given")
      ->type_name("[NAME:]SET");
  app.get_option("--requirement")
      ->description("requirements.txt that is one set, named like the file; may be repeated");
  BundleOptions options;
  options.add_options(app);
  bool fast = false;
  app.add_flag("--fast", fast, "compress fast rather than well");
  std::string folder;
  app.add_option("--to", folder,
                 "folder to write to; what is there already stays, or is replaced file by file")
      ->required()
      ->type_name("DIR");
  if (const auto code = parse(app, arguments)) return *code;

  options.engine.upgrade = !fast;
  const auto opened = open_store(selection.data);
  if (!opened) return print_failure(opened.error());
  const auto exported = export_to(folder, selection, options, *opened->store);
  return exported ? exit_success : print_failure(exported.error());
}

}  // namespace wheelbarrow::app
