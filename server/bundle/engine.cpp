#include "bundle/engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "bundle/delta.hpp"
#include "bundle/gather.hpp"
#include "bundle/solid_form.hpp"

namespace wheelbarrow::bundle {
namespace {

using store::Blob;

constexpr std::size_t max_background = 256;                  // jobs in a lane that nobody waits for
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
std::string coded_etag(const Sha256& content, std::string_view coding, std::span<const Sha256> pieces) {
  Sha256Hasher hasher;
  for (const Sha256& piece : pieces) {
    hasher.update(std::as_bytes(std::span(piece.bytes)));
  }
  return content.hex().substr(0, 16) + '-' + std::string(coding) + '-' + hasher.finish().hex().substr(0, 24);
}

Slices identity_of(const Bundle& bundle) {
  Slices body;
  body.reserve(bundle.layers.size() + 2);
  body.push_back(bundle.first.in(Form::identity));
  for (const Blob& layer : bundle.layers) {
    body.push_back(layer.bytes);
  }
  body.push_back(bundle.last.in(Form::identity));
  return body;
}

std::optional<Encoded> spare_form(const Sha256& content, std::string_view coding,
                                  const std::optional<Blob>& blob) {
  if (!blob) return std::nullopt;
  return Encoded{{blob->bytes}, coded_etag(content, coding, {&blob->sha256, 1}), blob->sha256};
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

Result<void> Engine::run(std::function<void()> work) {
  constexpr std::size_t always = 64;  // a short queue for builds is no reason to refuse milliseconds
  if (pool_.backlog(Lane::quick) >= std::max(options_.max_pending, always)) {
    return std::unexpected(too_busy());
  }
  pool_.submit(Lane::quick, [work = std::move(work)](const std::stop_token&) { work(); });
  return {};
}

// Ends a flight that failed. What was given up because nobody waited begins again if somebody has come since.
template <class T>
void Engine::end(SingleFlight<T>& flights, const std::string& key, const Error& error,
                 const std::function<void()>& restart) {
  if (error.kind != ErrorKind::cancelled) return flights.land(key, std::unexpected(error));
  if (!flights.abandon(key)) restart();
}

// Does the work of a flight that just began. It isn't begun, or is given up, when nobody waits any more.
template <class T>
void Engine::fly(SingleFlight<T>& flights, const std::string& key, Lane lane, Work<T> work) {
  pool_.submit(lane, [this, &flights, key, lane, work = std::move(work)](const std::stop_token& stop) {
    if (flights.abandon(key)) return;
    const Result<T> result = work([&] { return stop.stop_requested() || !flights.is_wanted(key); });
    if (!result) return end(flights, key, result.error(), [&] { fly(flights, key, lane, work); });
    flights.land(key, result);
  });
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
    if (layer) layers_.put(key, *layer);
    return layer;
  });
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
  const Compile compile = [&](const BytecodeRecipe& how, std::span<const ModuleSource> sources) {
    return options_.compilers ? options_.compilers->compile(how, sources, give_up)
                              : fail(ErrorKind::unsatisfiable, "nothing here compiles bytecode");
  };
  if (auto written = write_layer(recipe, wheel->path, options_.limits, *writer, compile); !written) {
    return std::unexpected(written.error());
  }
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
  if (is_full() && !blob_flights_.contains(key)) return done(std::unexpected(too_busy()));
  if (!blob_flights_.join(key, std::move(done))) return;
  fly<Blob>(blob_flights_, key, Lane::quick, [this, key, path, stamp = *stamp](const GiveUp&) {
    const auto blob = copy_file(path);
    // A file that changed meanwhile is looked at again next time, because its stamp differs.
    if (blob) files_.put(key, {stamp, *blob});
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

void Engine::encode(const BundlePtr& bundle, Form form, Callback<Encoded> done) {
  if (form == Form::identity) {
    return done(Encoded{identity_of(*bundle), bundle->sha256.hex(), bundle->sha256});
  }
  const auto join_pieces = [this, bundle, form, done](Result<std::vector<CodedPiece>> pieces) {
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
    done(finish(join(form, parts), coded_etag(bundle->sha256, name_of(form), hashes), stable));
  };
  pieces(bundle, form, {join_pieces, done.abandoned()});
}

void Engine::pieces(const BundlePtr& bundle, Form form, Callback<std::vector<CodedPiece>> done) {
  gather<CodedPiece>(
      bundle->layers.size(),
      [&](std::size_t i, Callback<CodedPiece> each) { piece(bundle->layers[i], form, std::move(each)); },
      std::move(done));
}

std::optional<Encoded> Engine::delta(const BundlePtr& bundle, const Sha256& held, const CatalogPtr& catalog) {
  const std::string name = "delta/" + held.hex() + '/' + bundle->sha256.hex();
  if (const auto known = spare_.find(name)) return spare_form(bundle->sha256, "dcz", *known);
  if (no_dictionary_.get(held.hex()) || !spare_.is_possible(name, Lane::soon)) return std::nullopt;
  find_bundle(held, catalog, [this, name, bundle, held](const Result<BundlePtr>& old) {
    const bool is_known = old || old.error().kind != ErrorKind::not_found;
    if (!is_known || (old && (*old)->size() > max_dictionary)) {
      no_dictionary_.put(held.hex(), true);
    } else if (old) {
      make_delta(name, *old, bundle);
    }
  });
  return std::nullopt;
}

void Engine::make_delta(const std::string& name, const BundlePtr& held, const BundlePtr& wanted) {
  pieces(wanted, Form::zstd, [this, name, held, wanted](const Result<std::vector<CodedPiece>>& coded) {
    if (!coded) return;
    std::vector<Slice> layers;
    layers.reserve(coded->size());
    std::uint64_t plain_size = 0;
    for (const CodedPiece& piece : *coded) {
      layers.push_back(piece.blob.bytes);
      plain_size += piece.blob.bytes.size();
    }
    spare_.make(name, Lane::soon, plain_size,
                [this, held, wanted, layers](const GiveUp& give_up, store::BlobWriter& out) {
                  auto written = write_delta(*held, *wanted, layers, give_up, out);
                  if (written) ++statistics_.deltas_made;
                  return written;
                });
  });
}

std::optional<Encoded> Engine::solid(const BundlePtr& bundle) {
  return solid(bundle->sha256, [&] { return identity_of(*bundle); });
}

std::optional<Encoded> Engine::solid(const Blob& blob) {
  return solid(blob.sha256, [&] { return Slices{blob.bytes}; });
}

std::optional<Encoded> Engine::solid(const Sha256& sha256, const std::function<Slices()>& content) {
  const std::string name = "brotli/" + sha256.hex();
  if (const auto known = spare_.find(name)) return spare_form(sha256, "br", *known);
  const unsigned asked = asked_.get(name).value_or(0) + 1;
  asked_.put(name, asked);
  if (options_.hot_after > 0 && asked >= options_.hot_after && spare_.is_possible(name, Lane::leisure)) {
    const Slices body = content();
    spare_.make(name, Lane::leisure, total_size(body), [body](const GiveUp& give_up, store::BlobWriter& out) {
      return compress_brotli(body, give_up, out);
    });
  }
  return std::nullopt;
}

void Engine::encode(const Blob& blob, Form form, Callback<Encoded> done) {
  if (form == Form::identity) return done(Encoded{{blob.bytes}, blob.sha256.hex(), blob.sha256});
  const auto finish_blob = [blob, form, done](Result<CodedPiece> piece) {
    if (!piece) return done(std::unexpected(piece.error()));
    done(Encoded{{piece->blob.bytes},
                 coded_etag(blob.sha256, name_of(form), {&piece->blob.sha256, 1}),
                 piece->blob.sha256});
  };
  piece(blob, form, Callback<CodedPiece>(finish_blob, done.abandoned()));
}

// Adds the digest of a joined body where it is known; where it isn't and the body won't change soon, it is
// computed in the background for the next one who asks.
Encoded Engine::finish(Slices body, std::string etag, bool stable) {
  Encoded encoded{std::move(body), std::move(etag), std::nullopt};
  encoded.digest = digests_.get(encoded.etag);
  if (!encoded.digest && stable && pool_.backlog(Lane::soon) < max_background &&
      background_flights_.join(encoded.etag, [](const Result<Sha256>&) {})) {
    pool_.submit(Lane::soon, [this, body = encoded.body, etag = encoded.etag](const std::stop_token&) {
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
  if (const auto known = pieces_.get(key)) {
    if (!known->best && options_.upgrade) upgrade(content, form);
    return done(*known);
  }
  if (!piece_flights_.join(key, std::move(done))) return;
  fly<CodedPiece>(piece_flights_, key, Lane::build, [this, key, content, form](const GiveUp& give_up) {
    const auto made = make_piece(content, form, give_up);
    if (made) {
      pieces_.put(key, *made);
      if (!made->best && options_.upgrade) upgrade(content, form);
    }
    return made;
  });
}

Result<Engine::CodedPiece> Engine::make_piece(const Blob& content, Form form, const GiveUp& give_up) {
  for (const Effort effort : {Effort::best, Effort::fast}) {
    auto known = store_.find(piece_name(form, effort, content.sha256));
    if (!known) return std::unexpected(known.error());
    if (*known) return CodedPiece{**known, effort == Effort::best};
  }
  return compress_into_store(content, form, Effort::fast, give_up);
}

Result<Engine::CodedPiece> Engine::compress_into_store(const Blob& content, Form form, Effort effort,
                                                       const GiveUp& give_up) {
  auto writer = store_.create();
  if (!writer) return std::unexpected(writer.error());
  if (auto done = compress(content.bytes.bytes, form, effort, give_up, *writer); !done) {
    return std::unexpected(done.error());
  }
  auto blob =
      store_.publish(piece_name(form, effort, content.sha256), store::Rank::derived, std::move(*writer));
  if (!blob) return std::unexpected(blob.error());
  ++statistics_.forms_built;
  return CodedPiece{std::move(*blob), effort == Effort::best};
}

void Engine::upgrade(const Blob& content, Form form) {
  const std::string key = std::string(name_of(form)) + '/' + content.sha256.hex();
  // Each job holds its layer mapped. What finds no room is asked for again with the next request.
  if (pool_.backlog(Lane::leisure) >= max_background) return;
  if (!background_flights_.join(key, [](const Result<Sha256>&) {})) return;
  pool_.submit(Lane::leisure, [this, key, content, form](const std::stop_token& stop) {
    auto best = compress_into_store(content, form, Effort::best, [&] { return stop.stop_requested(); });
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
