// Making layers and bundles, and keeping them: each layer is unpacked once and compressed once per form, each
// bundle is joined once, however many ask (single flight). Everything runs in the build pool; callbacks run
// on a build thread, or at once on the caller's thread where the answer is in memory, so they must be short
// and must not block.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file_stamp.hpp"
#include "bundle/build_pool.hpp"
#include "bundle/bundle.hpp"
#include "bundle/compilers.hpp"
#include "bundle/lru_cache.hpp"
#include "bundle/parts.hpp"
#include "bundle/single_flight.hpp"
#include "bundle/spare_forms.hpp"
#include "store/store.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::bundle {

struct EngineOptions {
  unsigned threads = 2;           // see BuildPool
  std::size_t max_pending = 256;  // different answers being made at a time; more are ErrorKind::busy
  bool upgrade = true;            // whether the best compression follows in the background
  // How often something is asked for in Brotli before that form is made, in the background; 0: never.
  unsigned hot_after = 4;
  std::uint64_t max_part = default_max_part;  // coded bytes above which a bundle is cut into parts
  wheelhouse::WheelLimits limits;
  std::shared_ptr<const Compilers> compilers;  // null: there is no bytecode
  // Told of background work that failed; what it was for is served in its present form. May be empty.
  std::function<void(const Error&)> background_failure;
};

// Bytes in one form, ready to send.
struct Encoded {
  Slices body;
  // A strong entity tag without its quotes: equal tags mean equal bytes, on every server.
  std::string etag;
  // Of `body`; for coded forms computed in the background, so absent at first.
  std::optional<Sha256> digest;
};

// Counts since the start.
struct EngineStatistics {
  std::atomic<std::uint64_t> bundles_assembled = 0;
  std::atomic<std::uint64_t> layers_built = 0;
  std::atomic<std::uint64_t> forms_built = 0;  // compressed, fast or best
  std::atomic<std::uint64_t> deltas_made = 0;
  std::atomic<std::uint64_t> wheels_copied = 0;
  std::atomic<std::uint64_t> layers_failed = 0;
  std::atomic<std::uint64_t> builds_refused = 0;  // ErrorKind::busy
};

// What is remembered of one kind.
struct CacheUse {
  std::string_view kind;
  CacheCounts counts;
};

class Engine {
 public:
  using CatalogPtr = std::shared_ptr<const wheelhouse::Catalog>;

  // REQUIRES: `store` outlives the engine.
  Engine(store::Store& store, EngineOptions options);
  ~Engine();  // stops
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The bundle that a plan describes, and its parts, if it has any, under their own names. `catalog` says
  // where its wheels are.
  void bundle(const Manifest& planned, const CatalogPtr& catalog, Callback<BundlePtr> done);
  // A bundle that was made before, here or by an earlier process on the same store. ErrorKind::not_found if
  // there was none, or if it needs a wheel that neither the store nor the catalog has any more.
  void find_bundle(const Sha256& sha256, const CatalogPtr& catalog, Callback<BundlePtr> done);
  // A bundle in one form. Compresses fast what has no form yet and asks for the best in the background.
  void encode(const BundlePtr& bundle, Form form, Callback<Encoded> done);

  // The bundle as a difference to another that a client holds (see write_delta()), if there is such a one,
  // smaller than the zstd form. Never makes anyone wait: what isn't there is made for those who ask later.
  std::optional<Encoded> delta(const BundlePtr& bundle, const Sha256& held, const CatalogPtr& catalog);
  // The bundle in Brotli, if there is that form yet. It is made once it was asked for `hot_after` times.
  std::optional<Encoded> solid(const BundlePtr& bundle);
  // The same for a blob.
  std::optional<Encoded> solid(const store::Blob& blob);
  // That form for who waits, which takes minutes for a large body at the best effort.
  void solid(const BundlePtr& bundle, Effort effort, Callback<Encoded> done);
  void solid(const store::Blob& blob, Effort effort, Callback<Encoded> done);

  // A wheel file, copied into the store so that what is sent under its hash can't change.
  void wheel(const wheelhouse::WheelPtr& wheel, Callback<store::Blob> done);
  // A file that may change (the app, the runtime), as it is now. ErrorKind::not_found if there is none.
  void file(const std::filesystem::path& path, Callback<store::Blob> done);
  // Python's library (see write_library()) compiled for a target, if there is that form yet: nobody waits for
  // it, what isn't there is made for those who ask later. Nothing where nobody can compile it.
  std::optional<store::Blob> library(const store::Blob& zip, BytecodeMode mode,
                                     const packaging::Target& target);
  // The same for who waits; nothing where nobody can compile it.
  void library(const store::Blob& zip, BytecodeMode mode, const packaging::Target& target,
               Callback<std::optional<store::Blob>> done);
  // A blob in one form, as encode() for bundles.
  void encode(const store::Blob& blob, Form form, Callback<Encoded> done);

  // Runs other work of a request (resolving) in the same threads. Dropped by stop() if it has not begun.
  // ErrorKind::busy if too much waits already.
  Result<void> run(std::function<void()> work, Lane lane = Lane::quick);

  // Who else remembers bundles, blobs or bodies made of them: called when the store can't keep its budget
  // otherwise, to let go of the half that was used longest ago. From any build thread, until stop().
  void on_pressure(std::function<void()> let_go);

  // Drops what waits (its callbacks are destroyed uncalled), gives up what runs, and waits for the threads.
  void stop();

  // May be null.
  const Compilers* compilers() const { return options_.compilers.get(); }

  const EngineStatistics& statistics() const { return statistics_; }
  // How many different bundles, wheels and files are being made, of at most how many; and how many layers.
  std::size_t pending() const;
  std::size_t max_pending() const { return options_.max_pending; }
  std::size_t layers_pending() const { return layer_flights_.size(); }
  std::vector<CacheUse> caches() const;
  std::size_t background_backlog() const {
    return remembering_ + pool_.backlog(Lane::soon) + pool_.backlog(Lane::leisure);
  }

 private:
  struct CodedPiece {
    store::Blob blob;
    bool best = false;
  };
  struct KnownFile {
    FileStamp stamp;
    store::Blob blob;
  };

  template <class T>
  using Work = std::function<Result<T>(const GiveUp&)>;
  template <class T>
  void fly(SingleFlight<T>& flights, const std::string& key, Lane lane, Work<T> work);
  template <class T>
  void end(SingleFlight<T>& flights, const std::string& key, const Error& error,
           const std::function<void()>& restart);
  void join_layers(const std::string& key, const Manifest& manifest, const CatalogPtr& catalog,
                   const std::function<Result<BundlePtr>(const std::vector<store::Blob>&)>& join);
  Result<Manifest> stored_manifest(const std::string& name);

  Error too_busy();
  bool is_full() const { return pending() >= options_.max_pending; }
  void layer(const LayerRecipe& recipe, const std::filesystem::path& source, Callback<store::Blob> done);
  void piece(const store::Blob& content, Form form, Callback<CodedPiece> done);
  void upgrade(const store::Blob& content, Form form);
  Encoded finish(Slices body, std::string etag, bool stable);

  // `give_up` outlives what is returned.
  Compile compiler(const GiveUp& give_up) const;
  Result<store::Blob> make_layer(const LayerRecipe& recipe, const std::filesystem::path& source,
                                 const GiveUp& give_up);
  Result<store::Blob> copy_wheel(const Sha256& sha256, const std::filesystem::path& source);
  Result<store::Blob> copy_file(const std::filesystem::path& path);
  Result<CodedPiece> make_piece(const store::Blob& content, Form form, const GiveUp& give_up);
  Result<CodedPiece> compress_into_store(const store::Blob& content, Form form, Effort effort,
                                         const GiveUp& give_up);
  SpareForms::Make library_maker(const store::Blob& zip, BytecodeMode mode, const packaging::Target& target);
  std::optional<Encoded> solid(const Sha256& sha256, const std::function<Slices()>& content);
  void solid(const Sha256& sha256, const Slices& body, Effort effort, Callback<Encoded> done);
  void make_delta(const std::string& name, const BundlePtr& held, const BundlePtr& wanted);
  void pieces(const BundlePtr& bundle, Form form, Callback<std::vector<CodedPiece>> done);
  Result<BundlePtr> make_whole(Manifest planned, const std::vector<store::Blob>& layers);
  Result<BundlePtr> make_part(const Manifest& whole, std::span<const std::size_t> members,
                              const std::vector<store::Blob>& layers);
  Result<void> restore_parts(const Manifest& whole, const std::vector<store::Blob>& layers);
  std::vector<Weight> weigh(const Manifest& manifest, const std::vector<store::Blob>& layers);
  void remember(const BundlePtr& bundle);
  void report(const Error& error) const;
  void let_go();

  store::Store& store_;
  EngineOptions options_;
  EngineStatistics statistics_;

  LruCache<BundlePtr> by_plan_{remembered_members};
  LruCache<BundlePtr> by_hash_{remembered_members};
  LruCache<store::Blob> layers_{8192};
  LruCache<CodedPiece> pieces_{8192};
  LruCache<store::Blob> wheels_{4096};
  LruCache<KnownFile> files_{4096};
  std::atomic<std::uint64_t> unsettled_files_ = 0;  // that were asked for, each for itself
  LruCache<Sha256> digests_{8192};
  LruCache<bool> no_dictionary_{1024};     // bundles that no delta can be made from
  LruCache<unsigned> asked_{8192};         // how often for Brotli, by content
  LruCache<std::uint64_t> weights_{8192};  // estimate_coded_size() of layers

  SingleFlight<BundlePtr> bundle_flights_;
  SingleFlight<store::Blob> blob_flights_;  // wheels and files
  SingleFlight<store::Blob> layer_flights_;
  SingleFlight<CodedPiece> piece_flights_;
  SingleFlight<Sha256> background_flights_;

  std::atomic<std::size_t> remembering_ = 0;  // jobs of remember()
  std::mutex pressure_mutex_;
  std::vector<std::function<void()>> on_pressure_;

  BuildPool pool_;  // before everything that its threads use is destroyed, stop() ends them
  SpareForms spare_;
};

}  // namespace wheelbarrow::bundle
