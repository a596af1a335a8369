#include "bundle/engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "bundle/engine_flights.hpp"
#include "bundle/gather.hpp"

namespace wheelbarrow::bundle {
namespace {

using store::Blob;

constexpr std::size_t copy_step = std::size_t{1024} * 1024;  // bytes

std::string bundle_name(const Sha256& sha256) {
  return "bundle/" + sha256.hex();
}

Result<void> copy_into(const std::filesystem::path& source, store::BlobWriter& out) {
  std::ifstream in(source, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "can't open the file", source);
  std::vector<char> buffer(copy_step);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    const std::span<const char> chunk(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (auto written = out.append(std::as_bytes(chunk)); !written) return written;
  }
  if (in.bad()) return fail(ErrorKind::io, "can't read the file", source);
  return {};
}

Result<Sha256> hash_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "can't open the file", path);
  std::vector<char> buffer(copy_step);
  Sha256Hasher hasher;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    hasher.update(std::string_view(buffer.data(), static_cast<std::size_t>(in.gcount())));
  }
  return hasher.finish();
}

}  // namespace

Engine::Engine(store::Store& store, EngineOptions options)
    : store_(store),
      options_(std::move(options)),
      pool_(std::max(1U, options_.threads)),
      spare_(store, pool_, [this](const Error& error) { report(error); }) {
  store_.on_pressure([this] { let_go(); });
}

Engine::~Engine() {
  stop();
}

void Engine::stop() {
  pool_.stop();
  store_.on_pressure({});
  bundle_flights_.clear();
  blob_flights_.clear();
  layer_flights_.clear();
  piece_flights_.clear();
  background_flights_.clear();
  spare_.stop();
}

std::size_t Engine::pending() const {
  return bundle_flights_.size() + blob_flights_.size();
}

std::vector<CacheUse> Engine::caches() const {
  CacheCounts bundles = by_plan_.counts();
  bundles += by_hash_.counts();
  return {{"bundle", bundles},
          {"layer", layers_.counts()},
          {"form", pieces_.counts()},
          {"wheel", wheels_.counts()},
          {"file", files_.counts()}};
}

Error Engine::too_busy() {
  ++statistics_.builds_refused;
  return {
      ErrorKind::busy, "the server is building as much as it may at a time; try again in a few seconds", {}};
}

void Engine::report(const Error& error) const {
  if (error.kind != ErrorKind::cancelled && options_.background_failure) options_.background_failure(error);
}

void Engine::on_pressure(std::function<void()> let_go) {
  const std::scoped_lock lock(pressure_mutex_);
  on_pressure_.push_back(std::move(let_go));
}

void Engine::let_go() {
  by_plan_.forget_half();
  by_hash_.forget_half();
  layers_.forget_half();
  pieces_.forget_half();
  wheels_.forget_half();
  files_.forget_half();
  spare_.let_go();
  const std::scoped_lock lock(pressure_mutex_);
  for (const auto& each : on_pressure_) {
    each();
  }
}

Result<void> Engine::run(std::function<void()> work, Lane lane) {
  constexpr std::size_t always = 64;  // a short queue for builds is no reason to refuse milliseconds
  if (pool_.backlog(lane) >= std::max(options_.max_pending, always)) {
    return std::unexpected(too_busy());
  }
  pool_.submit(lane, [work = std::move(work)](const std::stop_token&) { work(); });
  return {};
}

void Engine::bundle(const Manifest& planned, const CatalogPtr& catalog, Callback<BundlePtr> done) {
  const std::string key = "plan/" + sha256(plan_text(planned)).hex();
  if (const auto known = by_plan_.get(key)) return done(*known);
  if (is_full() && !bundle_flights_.contains(key)) return done(std::unexpected(too_busy()));
  if (!bundle_flights_.join(key, std::move(done))) return;
  join_layers(key, planned, catalog, [this, key, planned](const std::vector<Blob>& layers) {
    auto bundle = make_whole(planned, layers);
    if (bundle) {
      by_plan_.put(key, *bundle, weight_of((*bundle)->manifest));
      remember(*bundle);
    }
    return bundle;
  });
}

// The work of a flight of `bundle_flights_`: makes the layers and lets `join` make a bundle of them.
void Engine::join_layers(const std::string& key, const Manifest& manifest, const CatalogPtr& catalog,
                         const std::function<Result<BundlePtr>(const std::vector<Blob>&)>& join) {
  const auto made = [this, key, manifest, catalog, join](Result<std::vector<Blob>> layers) {
    if (!layers) {
      return end(bundle_flights_, key, layers.error(), [&] { join_layers(key, manifest, catalog, join); });
    }
    fly<BundlePtr>(bundle_flights_, key, Lane::quick,
                   [join, layers = std::move(*layers)](const GiveUp&) { return join(layers); });
  };
  const GiveUp abandoned = [this, key] { return !bundle_flights_.is_wanted(key); };
  gather<Blob>(
      manifest.members.size(),
      [&](std::size_t i, Callback<Blob> each) {
        const Member& member = manifest.members[i];
        const auto wheel = catalog->find(member.wheel);
        layer(manifest.recipe(member), wheel ? wheel->path : std::filesystem::path(), std::move(each));
      },
      Callback<std::vector<Blob>>(made, abandoned));
}

// Makes the bundle known under its hash; the answer doesn't wait for the disk.
void Engine::remember(const BundlePtr& bundle) {
  const std::string name = bundle_name(bundle->sha256);
  by_hash_.put(name, bundle, weight_of(bundle->manifest));
  ++remembering_;
  pool_.submit(Lane::quick, [this, name, bundle](const std::stop_token&) {
    const auto known = store_.find(name);
    if (!known || !*known) {
      const auto stored = store_.put(name, store::Rank::record, bundle->first.in(Form::identity).bytes);
      if (!stored) report(stored.error());
    }
    --remembering_;
  });
}

void Engine::find_bundle(const Sha256& sha256, const CatalogPtr& catalog, Callback<BundlePtr> done) {
  const std::string name = bundle_name(sha256);
  if (const auto known = by_hash_.get(name)) return done(*known);
  if (is_full() && !bundle_flights_.contains(name)) return done(std::unexpected(too_busy()));
  if (!bundle_flights_.join(name, std::move(done))) return;
  pool_.submit(Lane::quick, [this, name, sha256, catalog](const std::stop_token&) {
    const auto manifest = stored_manifest(name);
    if (!manifest) return bundle_flights_.land(name, std::unexpected(manifest.error()));
    const auto join = [this, name, sha256,
                       manifest = *manifest](const std::vector<Blob>& layers) -> Result<BundlePtr> {
      auto bundle = assemble(manifest, layers);
      if (!bundle) return bundle;
      if ((*bundle)->sha256 != sha256) {
        return fail(ErrorKind::not_found,
                    "the bundle can't be made again byte for byte; ask for it by its "
                    "requirements at /bundle?r=...");
      }
      if (auto restored = restore_parts(manifest, layers); !restored)
        return std::unexpected(restored.error());
      by_hash_.put(name, *bundle, weight_of((*bundle)->manifest));
      return bundle;
    };
    join_layers(name, *manifest, catalog, join);
  });
}

Result<Manifest> Engine::stored_manifest(const std::string& name) {
  const auto stored = store_.find(name);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) {
    return fail(ErrorKind::not_found,
                "this server has made no bundle of that name; ask for it by its "
                "requirements at /bundle?r=...");
  }
  return parse_manifest_entry((*stored)->bytes.text());
}

void Engine::layer(const LayerRecipe& recipe, const std::filesystem::path& source, Callback<Blob> done) {
  const std::string key = recipe.key();
  if (const auto known = layers_.get(key)) return done(*known);
  if (!layer_flights_.join(key, std::move(done))) return;
  fly<Blob>(layer_flights_, key, Lane::build, [this, key, recipe, source](const GiveUp& give_up) {
    const auto layer = make_layer(recipe, source, give_up);
    if (layer) {
      layers_.put(key, *layer);
    } else if (layer.error().kind != ErrorKind::cancelled) {
      ++statistics_.layers_failed;
    }
    return layer;
  });
}

Compile Engine::compiler(const GiveUp& give_up) const {
  return [this, &give_up](const BytecodeRecipe& how,
                          std::span<const ModuleSource> sources) -> Result<std::vector<CompiledModule>> {
    if (options_.compilers) return options_.compilers->compile(how, sources, give_up);
    return fail(ErrorKind::unsatisfiable, "nothing here compiles bytecode");
  };
}

Result<Blob> Engine::make_layer(const LayerRecipe& recipe, const std::filesystem::path& source,
                                const GiveUp& give_up) {
  const std::string name = recipe.key();
  auto known = store_.find(name);
  if (!known) return std::unexpected(known.error());
  if (*known) return **known;
  const auto wheel = copy_wheel(recipe.wheel, source);
  if (!wheel) return std::unexpected(wheel.error());
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto written = write_layer(recipe, wheel->bytes, options_.limits, *writer, compiler(give_up)); !written)
    return std::unexpected(written.error());
  ++statistics_.layers_built;
  return store_.publish(name, store::Rank::source, std::move(*writer));
}

Result<Blob> Engine::copy_wheel(const Sha256& sha256, const std::filesystem::path& source) {
  const std::string name = "wheel/" + sha256.hex();
  auto known = store_.find(name);
  if (!known) return std::unexpected(known.error());
  if (*known) return **known;
  if (source.empty())
    return fail(ErrorKind::not_found, "the wheel is no longer in the wheelhouse", sha256.hex());
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto copied = copy_into(source, *writer); !copied) return std::unexpected(copied.error());
  auto blob = store_.publish(name, store::Rank::derived, std::move(*writer), sha256);
  if (!blob && blob.error().kind == ErrorKind::corrupt) {
    return fail(ErrorKind::busy, "the wheel file was changed a moment ago and is being read again", source);
  }
  ++statistics_.wheels_copied;
  return blob;
}

void Engine::wheel(const wheelhouse::WheelPtr& wheel, Callback<Blob> done) {
  const std::string key = "wheel/" + wheel->sha256.hex();
  if (const auto known = wheels_.get(key)) return done(*known);
  if (is_full() && !blob_flights_.contains(key)) return done(std::unexpected(too_busy()));
  if (!blob_flights_.join(key, std::move(done))) return;
  fly<Blob>(blob_flights_, key, Lane::build, [this, key, wheel](const GiveUp&) {
    const auto blob = copy_wheel(wheel->sha256, wheel->path);
    if (blob) wheels_.put(key, *blob);
    return blob;
  });
}

void Engine::file(const std::filesystem::path& path, Callback<Blob> done) {
  const std::optional<FileStamp> stamp = stamp_of(path);
  if (!stamp) return done(fail(ErrorKind::not_found, "there is no such file"));
  const std::string key = "file/" + sha256(path.native()).hex();
  if (const auto known = files_.get(key); known && known->stamp == *stamp) return done(known->blob);
  // Who asks after a change doesn't join who asked before it.
  const bool settled = is_settled(*stamp);
  const std::string flight = key + ' ' + (settled ? to_string(*stamp) : std::to_string(++unsettled_files_));
  if (is_full() && !blob_flights_.contains(flight)) return done(std::unexpected(too_busy()));
  if (!blob_flights_.join(flight, std::move(done))) return;
  fly<Blob>(blob_flights_, flight, Lane::quick, [this, key, path, stamp = *stamp, settled](const GiveUp&) {
    const auto blob = copy_file(path);
    // A file that changed meanwhile is looked at again next time, because its stamp differs.
    if (blob && settled) files_.put(key, {stamp, *blob});
    return blob;
  });
}

Result<Blob> Engine::copy_file(const std::filesystem::path& path) {
  const std::string name = "file/" + sha256(path.native()).hex();
  const auto hash = hash_file(path);
  if (!hash) return std::unexpected(hash.error());
  auto known = store_.find(name);
  if (!known) return std::unexpected(known.error());
  if (*known && (*known)->sha256 == *hash) return **known;
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto copied = copy_into(path, *writer); !copied) return std::unexpected(copied.error());
  return store_.publish(name, store::Rank::derived, std::move(*writer));
}

}  // namespace wheelbarrow::bundle
