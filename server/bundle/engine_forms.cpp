// The forms in which the engine gives bundles and blobs: joined from coded pieces, whole in Brotli, as
// deltas.
#include <algorithm>
#include <limits>
#include <utility>

#include "bundle/delta.hpp"
#include "bundle/engine.hpp"
#include "bundle/engine_flights.hpp"
#include "bundle/gather.hpp"
#include "bundle/library_zip.hpp"
#include "bundle/solid_form.hpp"

namespace wheelbarrow::bundle {
namespace {

using store::Blob;

constexpr std::size_t max_background = 256;  // jobs in a lane that nobody waits for

std::string piece_name(Form form, Effort effort, const Sha256& content) {
  return std::string(name_of(form)) + '/' + std::string(name_of(effort)) + '/' + content.hex();
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

std::string solid_name(const Sha256& content, Effort effort) {
  return (effort == Effort::best ? "brotli/" : "brotli/fast/") + content.hex();
}

std::optional<Encoded> spare_form(const Sha256& content, std::string_view coding,
                                  const std::optional<Blob>& blob) {
  if (!blob) return std::nullopt;
  return Encoded{{blob->bytes}, coded_etag(content, coding, {&blob->sha256, 1}), blob->sha256};
}

// Whatever the size.
constexpr std::uint64_t any_size = std::numeric_limits<std::uint64_t>::max();

std::string library_name(const Blob& zip, BytecodeMode mode, const packaging::Target& target) {
  return std::string("library/2/").append(name_of(mode)) + '/' + target.name() + '/' + zip.sha256.hex();
}

}  // namespace

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

SpareForms::Make Engine::library_maker(const Blob& zip, BytecodeMode mode, const packaging::Target& target) {
  return [this, zip, mode, target](const GiveUp& give_up, store::BlobWriter& out) -> Result<void> {
    const auto recipe = options_.compilers->choose(mode, target);
    if (!recipe) return std::unexpected(recipe.error());
    return write_library(zip.bytes, *recipe, options_.limits, out, compiler(give_up));
  };
}

std::optional<Blob> Engine::library(const Blob& zip, BytecodeMode mode, const packaging::Target& target) {
  if (!options_.compilers || mode == BytecodeMode::off) return std::nullopt;
  const std::string name = library_name(zip, mode, target);
  if (auto known = spare_.find(name)) return std::move(*known);
  spare_.make(name, Lane::soon, any_size, library_maker(zip, mode, target));
  return std::nullopt;
}

void Engine::library(const Blob& zip, BytecodeMode mode, const packaging::Target& target,
                     Callback<std::optional<Blob>> done) {
  if (!options_.compilers || mode == BytecodeMode::off) return done(std::optional<Blob>());
  spare_.wait(library_name(zip, mode, target), Lane::soon, any_size, library_maker(zip, mode, target),
              std::move(done));
}

std::optional<Encoded> Engine::solid(const BundlePtr& bundle) {
  return solid(bundle->sha256, [&] { return identity_of(*bundle); });
}

std::optional<Encoded> Engine::solid(const Blob& blob) {
  return solid(blob.sha256, [&] { return Slices{blob.bytes}; });
}

std::optional<Encoded> Engine::solid(const Sha256& sha256, const std::function<Slices()>& content) {
  const std::string name = solid_name(sha256, Effort::best);
  if (const auto known = spare_.find(name)) return spare_form(sha256, "br", *known);
  const unsigned asked = asked_.get(name).value_or(0) + 1;
  asked_.put(name, asked);
  if (options_.hot_after > 0 && asked >= options_.hot_after && spare_.is_possible(name, Lane::leisure)) {
    const Slices body = content();
    spare_.make(name, Lane::leisure, total_size(body), [body](const GiveUp& give_up, store::BlobWriter& out) {
      return compress_brotli(body, Effort::best, give_up, out);
    });
  }
  return std::nullopt;
}

void Engine::solid(const BundlePtr& bundle, Effort effort, Callback<Encoded> done) {
  solid(bundle->sha256, identity_of(*bundle), effort, std::move(done));
}

void Engine::solid(const Blob& blob, Effort effort, Callback<Encoded> done) {
  solid(blob.sha256, {blob.bytes}, effort, std::move(done));
}

void Engine::solid(const Sha256& sha256, const Slices& body, Effort effort, Callback<Encoded> done) {
  const std::string name = solid_name(sha256, effort);
  const auto finish = [sha256, done](Result<CodedPiece> made) {
    if (!made) return done(std::unexpected(made.error()));
    done(*spare_form(sha256, "br", std::move(made->blob)));
  };
  if (!piece_flights_.join(name, Callback<CodedPiece>(finish, done.abandoned()))) return;
  fly<CodedPiece>(piece_flights_, name, Lane::build,
                  [this, name, body, effort](const GiveUp& give_up) -> Result<CodedPiece> {
                    auto known = store_.find(name);
                    if (!known) return std::unexpected(known.error());
                    if (*known) return CodedPiece{std::move(**known), true};
                    auto writer = store_.create();
                    if (!writer) return std::unexpected(writer.error());
                    if (auto made = compress_brotli(body, effort, give_up, *writer); !made)
                      return std::unexpected(made.error());
                    auto blob = store_.publish(name, store::Rank::spare, std::move(*writer));
                    if (!blob) return std::unexpected(blob.error());
                    return CodedPiece{std::move(*blob), true};
                  });
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
