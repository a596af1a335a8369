#include "bundle/engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "bundle/gather.hpp"

namespace wheelbarrow::bundle {
namespace {

using store::Blob;

constexpr std::size_t copy_step = std::size_t{1024} * 1024;  // bytes

std::string bundle_name(const Sha256& sha256) {
  return "bundle/" + sha256.hex();
}

std::string piece_name(Form form, Effort effort, const Sha256& content) {
  return std::string(name_of(form)) + '/' + std::string(name_of(effort)) + '/' + content.hex();
}

Error too_busy() {
  return {
      ErrorKind::busy, "the server is building as much as it may at a time; try again in a few seconds", {}};
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

// Names a body by the hashes of the blobs it is joined from.
std::string coded_etag(const Sha256& content, Form form, std::span<const Sha256> pieces) {
  Sha256Hasher hasher;
  for (const Sha256& piece : pieces) {
    hasher.update(std::as_bytes(std::span(piece.bytes)));
  }
  return content.hex().substr(0, 16) + '-' + std::string(name_of(form)) + '-' +
         hasher.finish().hex().substr(0, 24);
}

}  // namespace

Engine::Engine(store::Store& store, EngineOptions options)
    : store_(store), options_(std::move(options)), pool_(std::max(1U, options_.threads)) {}

Engine::~Engine() {
  stop();
}

void Engine::stop() {
  pool_.stop();
  bundle_flights_.clear();
  blob_flights_.clear();
  layer_flights_.clear();
  piece_flights_.clear();
  background_flights_.clear();
}

std::size_t Engine::pending() const {
  return bundle_flights_.size() + blob_flights_.size();
}

void Engine::report(const Error& error) const {
  if (error.kind != ErrorKind::cancelled && options_.background_failure) options_.background_failure(error);
}

void Engine::run(std::function<void()> work) {
  pool_.submit([work = std::move(work)](const std::stop_token&) { work(); });
}

void Engine::bundle(const Manifest& planned, const CatalogPtr& catalog, Callback<BundlePtr> done) {
  const std::string key = "plan/" + sha256(plan_text(planned)).hex();
  if (const auto known = by_plan_.get(key)) return done(*known);
  if (is_full() && !bundle_flights_.contains(key)) return done(std::unexpected(too_busy()));
  if (!bundle_flights_.join(key, std::move(done))) return;
  layers(planned, catalog, [this, key, planned](Result<std::vector<Blob>> layers) {
    if (!layers) return bundle_flights_.land(key, std::unexpected(layers.error()));
    pool_.submit([this, key, planned, layers = std::move(*layers)](const std::stop_token&) {
      auto bundle = assemble(planned, layers);
      if (bundle) {
        ++statistics_.bundles_assembled;
        by_plan_.put(key, *bundle);
        remember(*bundle);
      }
      bundle_flights_.land(key, bundle);
    });
  });
}

// Makes the bundle known under its hash; the answer doesn't wait for the disk.
void Engine::remember(const BundlePtr& bundle) {
  const std::string name = bundle_name(bundle->sha256);
  by_hash_.put(name, bundle);
  pool_.submit_background([this, name, bundle](const std::stop_token&) {
    const auto known = store_.find(name);
    if (known && *known) return;
    if (auto stored = store_.put(name, bundle->first.in(Form::identity).bytes); !stored)
      report(stored.error());
  });
}

void Engine::find_bundle(const Sha256& sha256, const CatalogPtr& catalog, Callback<BundlePtr> done) {
  const std::string name = bundle_name(sha256);
  if (const auto known = by_hash_.get(name)) return done(*known);
  if (is_full() && !bundle_flights_.contains(name)) return done(std::unexpected(too_busy()));
  if (!bundle_flights_.join(name, std::move(done))) return;
  pool_.submit([this, name, sha256, catalog](const std::stop_token&) {
    const auto land = [this, name](const Result<BundlePtr>& result) { bundle_flights_.land(name, result); };
    const auto stored = store_.find(name);
    if (!stored) return land(std::unexpected(stored.error()));
    if (!*stored) {
      return land(fail(ErrorKind::not_found,
                       "this server has made no bundle of that name; ask for it by its "
                       "requirements at /bundle?r=..."));
    }
    const auto manifest = parse_manifest_entry((*stored)->bytes.text());
    if (!manifest) return land(std::unexpected(manifest.error()));
    layers(*manifest, catalog, [this, name, sha256, land, manifest](Result<std::vector<Blob>> layers) {
      if (!layers) return land(std::unexpected(layers.error()));
      pool_.submit([this, name, sha256, land, manifest, layers = std::move(*layers)](const std::stop_token&) {
        auto bundle = assemble(*manifest, layers);
        if (bundle && (*bundle)->sha256 != sha256) {
          bundle = fail(ErrorKind::not_found,
                        "the bundle can't be made again byte for byte; ask for it by its "
                        "requirements at /bundle?r=...");
        }
        if (bundle) by_hash_.put(name, *bundle);
        land(bundle);
      });
    });
  });
}

void Engine::layers(const Manifest& manifest, const CatalogPtr& catalog, Callback<std::vector<Blob>> done) {
  gather<Blob>(
      manifest.members.size(),
      [&](std::size_t i, Callback<Blob> each) {
        const Member& member = manifest.members[i];
        const auto wheel = catalog->find(member.wheel);
        layer(manifest.recipe(member), wheel ? wheel->path : std::filesystem::path(), std::move(each));
      },
      std::move(done));
}

void Engine::layer(const LayerRecipe& recipe, const std::filesystem::path& source, Callback<Blob> done) {
  const std::string key = recipe.key();
  if (const auto known = layers_.get(key)) return done(*known);
  if (!layer_flights_.join(key, std::move(done))) return;
  pool_.submit([this, key, recipe, source](const std::stop_token&) {
    const auto layer = make_layer(recipe, source);
    if (layer) layers_.put(key, *layer);
    layer_flights_.land(key, layer);
  });
}

Result<Blob> Engine::make_layer(const LayerRecipe& recipe, const std::filesystem::path& source) {
  const std::string name = recipe.key();
  auto known = store_.find(name);
  if (!known) return std::unexpected(known.error());
  if (*known) return **known;
  const auto wheel = copy_wheel(recipe.wheel, source);
  if (!wheel) return std::unexpected(wheel.error());
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto written = write_layer(recipe, wheel->path, options_.limits, *writer); !written) {
    return std::unexpected(written.error());
  }
  ++statistics_.layers_built;
  return store_.publish(name, std::move(*writer));
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
  auto blob = store_.publish(name, std::move(*writer), sha256);
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
  pool_.submit([this, key, wheel](const std::stop_token&) {
    const auto blob = copy_wheel(wheel->sha256, wheel->path);
    if (blob) wheels_.put(key, *blob);
    blob_flights_.land(key, blob);
  });
}

void Engine::file(const std::filesystem::path& path, Callback<Blob> done) {
  const std::optional<FileStamp> stamp = stamp_of(path);
  if (!stamp) return done(fail(ErrorKind::not_found, "there is no such file"));
  const std::string key = "file/" + sha256(path.native()).hex();
  if (const auto known = files_.get(key); known && known->stamp == *stamp) return done(known->blob);
  if (is_full() && !blob_flights_.contains(key)) return done(std::unexpected(too_busy()));
  if (!blob_flights_.join(key, std::move(done))) return;
  pool_.submit([this, key, path, stamp = *stamp](const std::stop_token&) {
    const auto blob = copy_file(path);
    // A file that changed meanwhile is looked at again next time, because its stamp differs.
    if (blob) files_.put(key, {stamp, *blob});
    blob_flights_.land(key, blob);
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
  return store_.publish(name, std::move(*writer));
}

void Engine::encode(const BundlePtr& bundle, Form form, Callback<Encoded> done) {
  if (form == Form::identity) {
    Slices body{bundle->first.in(form)};
    for (const Blob& layer : bundle->layers) {
      body.push_back(layer.bytes);
    }
    body.push_back(bundle->last.in(form));
    return done(Encoded{std::move(body), bundle->sha256.hex(), bundle->sha256});
  }
  gather<CodedPiece>(
      bundle->layers.size(),
      [&](std::size_t i, Callback<CodedPiece> each) { piece(bundle->layers[i], form, std::move(each)); },
      [this, bundle, form, done = std::move(done)](Result<std::vector<CodedPiece>> pieces) {
        if (!pieces) return done(std::unexpected(pieces.error()));
        std::vector<Slice> parts{bundle->first.in(form)};
        std::vector<Sha256> hashes{sha256(bundle->first.in(form).bytes), sha256(bundle->last.in(form).bytes)};
        bool stable = true;
        for (const CodedPiece& piece : *pieces) {
          parts.push_back(piece.blob.bytes);
          hashes.push_back(piece.blob.sha256);
          stable = stable && piece.best;
        }
        parts.push_back(bundle->last.in(form));
        done(finish(join(form, parts), coded_etag(bundle->sha256, form, hashes), stable));
      });
}

void Engine::encode(const Blob& blob, Form form, Callback<Encoded> done) {
  if (form == Form::identity) return done(Encoded{{blob.bytes}, blob.sha256.hex(), blob.sha256});
  piece(blob, form, [blob, form, done = std::move(done)](Result<CodedPiece> piece) {
    if (!piece) return done(std::unexpected(piece.error()));
    done(Encoded{
        {piece->blob.bytes}, coded_etag(blob.sha256, form, {&piece->blob.sha256, 1}), piece->blob.sha256});
  });
}

// Adds the digest of a joined body where it is known; where it isn't and the body won't change soon, it is
// computed in the background for the next one who asks.
Encoded Engine::finish(Slices body, std::string etag, bool stable) {
  Encoded encoded{std::move(body), std::move(etag), std::nullopt};
  encoded.digest = digests_.get(encoded.etag);
  if (!encoded.digest && stable && background_flights_.join(encoded.etag, [](const Result<Sha256>&) {})) {
    pool_.submit_background([this, body = encoded.body, etag = encoded.etag](const std::stop_token&) {
      Sha256Hasher hasher;
      for (const Slice& slice : body) {
        hasher.update(slice.bytes);
      }
      const Sha256 digest = hasher.finish();
      digests_.put(etag, digest);
      background_flights_.land(etag, digest);
    });
  }
  return encoded;
}

void Engine::piece(const Blob& content, Form form, Callback<CodedPiece> done) {
  const std::string key = std::string(name_of(form)) + '/' + content.sha256.hex();
  if (const auto known = pieces_.get(key)) return done(*known);
  if (!piece_flights_.join(key, std::move(done))) return;
  pool_.submit([this, key, content, form](const std::stop_token& stop) {
    const auto made = make_piece(content, form, stop);
    if (made) {
      pieces_.put(key, *made);
      if (!made->best && options_.upgrade) upgrade(content, form);
    }
    piece_flights_.land(key, made);
  });
}

Result<Engine::CodedPiece> Engine::make_piece(const Blob& content, Form form, const std::stop_token& stop) {
  for (const Effort effort : {Effort::best, Effort::fast}) {
    auto known = store_.find(piece_name(form, effort, content.sha256));
    if (!known) return std::unexpected(known.error());
    if (*known) return CodedPiece{**known, effort == Effort::best};
  }
  return compress_into_store(content, form, Effort::fast, stop);
}

Result<Engine::CodedPiece> Engine::compress_into_store(const Blob& content, Form form, Effort effort,
                                                       const std::stop_token& stop) {
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto done = compress(content.bytes.bytes, form, effort, stop, *writer); !done) {
    return std::unexpected(done.error());
  }
  auto blob = store_.publish(piece_name(form, effort, content.sha256), std::move(*writer));
  if (!blob) return std::unexpected(blob.error());
  ++statistics_.forms_built;
  return CodedPiece{std::move(*blob), effort == Effort::best};
}

void Engine::upgrade(const Blob& content, Form form) {
  const std::string key = std::string(name_of(form)) + '/' + content.sha256.hex();
  if (!background_flights_.join(key, [](const Result<Sha256>&) {})) return;
  pool_.submit_background([this, key, content, form](const std::stop_token& stop) {
    auto best = compress_into_store(content, form, Effort::best, stop);
    if (best) {
      pieces_.put(key, *best);
      if (auto removed = store_.remove(piece_name(form, Effort::fast, content.sha256)); !removed) {
        report(removed.error());
      }
      background_flights_.land(key, best->blob.sha256);
    } else {
      report(best.error());
      background_flights_.land(key, std::unexpected(best.error()));
    }
  });
}

}  // namespace wheelbarrow::bundle
