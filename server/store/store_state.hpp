// What a Store is made of; private to the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file_stamp.hpp"
#include "store/index.hpp"
#include "store/store.hpp"

namespace wheelbarrow::store {

class Store::State {
 public:
  State(StoreOptions given, Index opened);
  ~State();

  std::filesystem::path path_of(const Sha256& sha256) const;

  Result<std::optional<Blob>> find(std::string_view name);
  // Names a blob that lies in `temporary`.
  Result<Blob> adopt(std::string_view name, Rank rank, BlobWriter& writer, Blob blob);
  Result<void> remove(std::string_view name);

  // Evicts down to a little below the budget if what was published since the last look may have passed it.
  // Another thread that does so already is not waited for.
  void keep_budget();
  // The same without an if. Gives how many blobs and bytes went.
  Result<Collection> evict();

  Result<Verification> verify();
  Result<Collection> collect(const std::stop_token& stop);

  StoreOptions options;
  std::filesystem::path temporary;
  std::filesystem::path blobs;

  std::mutex mutex;  // guards what follows
  Index index;

  std::mutex pressure_mutex;  // held while let_go runs
  std::function<void()> let_go;

 private:
  // A blob that was checked since the start.
  struct Checked {
    FileStamp stamp;  // as which it was
    std::weak_ptr<const void> mapping;
  };
  // How an eviction stands.
  struct Eviction {
    std::vector<IndexedBlob> blobs;
    std::uint64_t total = 0;     // bytes
    std::vector<Sha256> in_use;  // what was therefore left
    Collection done;
  };
  // A blob that is to go, with all of its names.
  struct Condemned {
    Sha256 sha256;
    std::uint64_t size = 0;
  };

  bool was_checked(const Sha256& sha256, const FileStamp& stamp);
  void remember(const Blob& blob, const FileStamp& stamp);
  std::optional<Slice> shared(const IndexEntry& entry, const FileStamp& stamp);
  Result<Blob> load(const IndexEntry& entry);
  // Drops a blob that was found damaged or missing with its names, and returns true; unless it was replaced
  // meanwhile, so that it is worth looking again.
  Result<bool> drop_damaged(const IndexedBlob& blob, bool hash_differs);

  // REQUIRES of all of these: the mutex is held.
  bool is_mapped(const Sha256& sha256) const;
  Result<void> unlink_nameless(std::span<const Condemned> condemned, Collection& done);
  void save_uses();
  void prune_checked();

  Result<void> evict_ranks(Eviction& eviction, Rank lowest, Rank highest, std::uint64_t goal);
  Result<void> evict_surplus_records(Eviction& eviction);
  Result<void> evict_some(Eviction& eviction, std::span<const IndexedBlob> some);
  bool press();

  Result<void> collect_names(const std::stop_token& stop, Collection& done);
  Result<void> sweep_folder(const std::filesystem::path& folder, Collection& done);

  std::unordered_map<Sha256, Checked> checked_;
  std::size_t checked_bound_;          // entries at which the dead ones are looked for
  std::vector<std::string> used_;      // names found since the index last heard of it
  std::uint64_t grown_ = 0;            // bytes published since they were last counted
  std::optional<std::uint64_t> last_;  // bytes when they were last counted
  std::uint64_t look_above_ = 0;       // bytes; grows when the budget couldn't be kept
  std::mutex evicting_;                // held by the one thread that evicts
};

}  // namespace wheelbarrow::store
