#include "store/store.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "base/file_descriptor.hpp"
#include "base/mapped_file.hpp"
#include "store/blob_file.hpp"
#include "store/store_state.hpp"

namespace wheelbarrow::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t least_checked_bound = 16'384;
constexpr std::size_t most_unsaved_uses = 1024;

Result<void> sync_folder(const fs::path& folder) {
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor || ::fsync(descriptor.get()) != 0) return fail_errno("sync the folder", folder);
  return {};
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorKind::io, "can't make the folder: " + error.message(), folder);
  return {};
}

// A damaged index is set aside: what it named is built again, and collect() sweeps the blobs.
Result<Index> open_index(const fs::path& file, const StoreOptions& options) {
  auto index = Index::open(file);
  if (index || index.error().kind != ErrorKind::corrupt) return index;
  if (options.damaged) options.damaged(index.error());
  if (::rename(file.c_str(), (file.native() + ".damaged").c_str()) != 0) {
    return fail_errno("set the damaged index aside", file);
  }
  for (const char* const beside : {"-wal", "-shm"}) {
    ::unlink((file.native() + beside).c_str());
  }
  return Index::open(file);
}

}  // namespace

std::string_view name_of(Rank rank) {
  switch (rank) {
    case Rank::spare:
      return "spare";
    case Rank::derived:
      return "derived";
    case Rank::source:
      return "source";
    case Rank::record:
      break;
  }
  return "record";
}

Store::State::State(StoreOptions given, Index opened)
    : options(std::move(given)),
      temporary(options.folder / "tmp"),
      blobs(options.folder / "blobs"),
      index(std::move(opened)),
      checked_bound_(least_checked_bound) {}

Store::State::~State() {
  save_uses();
}

fs::path Store::State::path_of(const Sha256& sha256) const {
  const std::string hex = sha256.hex();
  return blobs / hex.substr(0, 2) / hex;
}

bool Store::State::was_checked(const Sha256& sha256, const FileStamp& stamp) {
  const std::scoped_lock lock(mutex);
  const auto found = checked_.find(sha256);
  return found != checked_.end() && found->second.stamp == stamp;
}

void Store::State::remember(const Blob& blob, const FileStamp& stamp) {
  const std::scoped_lock lock(mutex);
  checked_.insert_or_assign(blob.sha256, Checked{stamp, blob.bytes.owner});
  prune_checked();
}

// What is no longer mapped may be forgotten: it is checked once more when it is used again.
void Store::State::prune_checked() {
  if (checked_.size() < checked_bound_) return;
  std::erase_if(checked_, [](const auto& each) { return each.second.mapping.expired(); });
  checked_bound_ = std::max(least_checked_bound, 2 * checked_.size());
}

bool Store::State::is_mapped(const Sha256& sha256) const {
  const auto found = checked_.find(sha256);
  return found != checked_.end() && !found->second.mapping.expired();
}

// The mapping of a blob that somebody holds already.
std::optional<Slice> Store::State::shared(const IndexEntry& entry, const FileStamp& stamp) {
  const std::scoped_lock lock(mutex);
  const auto found = checked_.find(entry.sha256);
  if (found == checked_.end() || found->second.stamp != stamp) return std::nullopt;
  auto owner = found->second.mapping.lock();
  if (!owner) return std::nullopt;
  const auto* const address = static_cast<const std::byte*>(owner.get());
  return Slice{std::move(owner), {address, static_cast<std::size_t>(entry.size)}};
}

// Maps a blob and, where that has not been done since its file last changed, checks it. ErrorKind::not_found
// if there is none of that size, ErrorKind::corrupt if its hash is wrong.
Result<Blob> Store::State::load(const IndexEntry& entry) {
  Blob blob{entry.sha256, {}, path_of(entry.sha256)};
  const auto stamp = stamp_of(blob.path);
  if (!stamp) return fail(ErrorKind::not_found, "the blob's file is gone", blob.path);
  if (static_cast<std::uint64_t>(stamp->size) != entry.size) {
    return fail(
        ErrorKind::not_found,
        "the blob has " + std::to_string(stamp->size) + " bytes instead of " + std::to_string(entry.size),
        blob.path);
  }
  if (auto bytes = shared(entry, *stamp)) {
    blob.bytes = std::move(*bytes);
    return blob;
  }
  auto mapped = map_file(blob.path);
  if (!mapped) return std::unexpected(mapped.error());
  if (mapped->size() != entry.size ||
      (!was_checked(entry.sha256, *stamp) && sha256(mapped->bytes) != entry.sha256)) {
    return fail(ErrorKind::corrupt, "the blob's bytes don't match its SHA-256", blob.path);
  }
  blob.bytes = std::move(*mapped);
  remember(blob, *stamp);
  return blob;
}

// REQUIRES: the mutex is held. What the disk refuses is lost: it only says what to evict first.
void Store::State::save_uses() {
  if (used_.empty()) return;
  if (auto writing = index.write(); writing && index.touch(used_)) std::ignore = writing->commit();
  used_.clear();
}

// In two steps, so that a crash between them leaves a blob without a name and no name without a blob.
Result<void> Store::State::unlink_nameless(std::span<const Condemned> condemned, Collection& done) {
  auto writing = index.write();
  if (!writing) return std::unexpected(writing.error());
  for (const auto& [sha256, size] : condemned) {
    const auto referred = index.refers_to(sha256);
    if (!referred) return std::unexpected(referred.error());
    if (*referred) continue;
    checked_.erase(sha256);
    if (::unlink(path_of(sha256).c_str()) != 0) continue;
    done.freed_bytes += size;
    ++done.nameless_blobs;
  }
  return {};
}

Result<bool> Store::State::drop_damaged(const IndexedBlob& blob, bool hash_differs) {
  const std::scoped_lock lock(mutex);
  const fs::path path = path_of(blob.sha256);
  {
    auto writing = index.write();
    if (!writing) return std::unexpected(writing.error());
    const auto referred = index.refers_to(blob.sha256);
    if (!referred) return std::unexpected(referred.error());
    if (!*referred) return false;
    std::error_code error;
    if (!hash_differs && fs::file_size(path, error) == blob.size && !error) return false;
    if (hash_differs) {
      // It may have been published again since it was read.
      const auto again = map_file(path);
      if (again && sha256(again->bytes) == blob.sha256) return false;
    }
    if (auto removed = index.remove_names_of(blob.sha256); !removed) return std::unexpected(removed.error());
    if (auto committed = writing->commit(); !committed) return std::unexpected(committed.error());
  }
  Collection ignored;
  const Condemned condemned{blob.sha256, blob.size};
  if (auto dropped = unlink_nameless({&condemned, 1}, ignored); !dropped) {
    return std::unexpected(dropped.error());
  }
  return true;
}

Result<std::optional<Blob>> Store::State::find(std::string_view name) {
  for (;;) {
    Result<std::optional<IndexEntry>> entry;
    {
      const std::scoped_lock lock(mutex);
      entry = index.find(name);
      if (entry && *entry) {
        used_.emplace_back(name);
        if (used_.size() >= most_unsaved_uses) save_uses();
      }
    }
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) return std::nullopt;
    auto blob = load(**entry);
    if (blob) return std::move(*blob);
    if (blob.error().kind != ErrorKind::corrupt && blob.error().kind != ErrorKind::not_found) {
      return std::unexpected(blob.error());
    }
    const bool hash_differs = blob.error().kind == ErrorKind::corrupt;
    const auto dropped = drop_damaged({(*entry)->sha256, (*entry)->size, {}, {}}, hash_differs);
    if (!dropped) return std::unexpected(dropped.error());
    if (*dropped) {
      if (options.damaged) options.damaged(blob.error());
      return std::nullopt;
    }
  }
}

Result<Blob> Store::State::adopt(std::string_view name, Rank rank, BlobWriter& writer, Blob blob) {
  BlobWriter::File& file = *writer.file_;
  const fs::path folder = blob.path.parent_path();
  Result<Slice> mapped;  // what it replaces is unmapped when the lock is free again
  Collection ignored;
  const std::scoped_lock lock(mutex);
  save_uses();
  std::optional<IndexEntry> before;
  const auto name_it = [&]() -> Result<void> {
    // Within the transaction nobody can drop the blob between its rename and the name that refers to it.
    auto writing = index.write();
    if (!writing) return std::unexpected(writing.error());
    auto known = index.find(name);
    if (!known) return std::unexpected(known.error());
    before = *known;
    if (::rename(file.path.c_str(), blob.path.c_str()) != 0) return fail_errno("name the blob", blob.path);
    file.renamed = true;
    if (auto synced = sync_folder(folder); !synced) return synced;
    // Anew, so that whoever sends it as a file (see file_of()) finds it under the name that lasts.
    mapped = map_file(blob.path);
    if (!mapped) return std::unexpected(mapped.error());
    std::swap(blob.bytes, *mapped);
    if (auto set = index.set(name, {blob.sha256, blob.bytes.size(), rank}); !set) return set;
    return writing->commit();
  };
  if (auto named = name_it(); !named) {
    const Condemned condemned{blob.sha256, blob.bytes.size()};
    if (file.renamed) std::ignore = unlink_nameless({&condemned, 1}, ignored);
    return std::unexpected(named.error());
  }
  if (const auto stamp = stamp_of(blob.path)) {
    checked_.insert_or_assign(blob.sha256, Checked{*stamp, blob.bytes.owner});
    prune_checked();
  }
  grown_ += blob.bytes.size();
  if (before && before->sha256 != blob.sha256) {
    // If that fails, collect() finds it.
    const Condemned condemned{before->sha256, before->size};
    std::ignore = unlink_nameless({&condemned, 1}, ignored);
  }
  return blob;
}

Result<void> Store::State::remove(std::string_view name) {
  const std::scoped_lock lock(mutex);
  std::optional<IndexEntry> entry;
  {
    auto writing = index.write();
    if (!writing) return std::unexpected(writing.error());
    auto known = index.find(name);
    if (!known) return std::unexpected(known.error());
    if (!*known) return {};
    entry = *known;
    if (auto removed = index.remove(name); !removed) return removed;
    if (auto committed = writing->commit(); !committed) return committed;
  }
  Collection ignored;
  const Condemned condemned{entry->sha256, entry->size};
  return unlink_nameless({&condemned, 1}, ignored);
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
  for (const char* const below : {"tmp", "blobs"}) {
    if (auto made = make_folder(options.folder / below); !made) return std::unexpected(made.error());
  }
  // First, because it has the better words when the folder is read-only.
  if (auto file = BlobWriter::File::create(options.folder / "tmp"); !file) {
    return std::unexpected(file.error());
  }
  auto index = open_index(options.folder / "names.sqlite", options);
  if (!index) return std::unexpected(index.error());
  sweep_abandoned_files(options.folder / "tmp");
  return std::unique_ptr<Store>(new Store(std::make_unique<State>(std::move(options), std::move(*index))));
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::optional<Blob>> Store::find(std::string_view name) {
  return state_->find(name);
}

Result<BlobWriter> Store::create() {
  auto file = BlobWriter::File::create(state_->temporary);
  if (!file) return std::unexpected(file.error());
  return BlobWriter(std::move(*file));
}

Result<Blob> Store::publish(std::string_view name, Rank rank, BlobWriter writer,
                            const std::optional<Sha256>& expected) {
  const BlobWriter::File& file = *writer.file_;
  auto mapped = map_file(file.path);
  if (!mapped) return std::unexpected(mapped.error());
  Blob blob{sha256(mapped->bytes), std::move(*mapped), {}};
  if (expected && blob.sha256 != *expected) {
    return fail(ErrorKind::corrupt,
                "the bytes have SHA-256 " + blob.sha256.hex() + " instead of " + expected->hex(),
                std::string(name));
  }
  blob.path = state_->path_of(blob.sha256);
  if (auto made = make_folder(blob.path.parent_path()); !made) return std::unexpected(made.error());
  if (::fsync(file.descriptor.get()) != 0) return fail_errno("sync the blob", file.path);
  auto published = state_->adopt(name, rank, writer, std::move(blob));
  if (published) state_->keep_budget();
  return published;
}

Result<Blob> Store::put(std::string_view name, Rank rank, std::span<const std::byte> bytes) {
  auto writer = create();
  if (!writer) return std::unexpected(writer.error());
  if (auto written = writer->append(bytes); !written) return std::unexpected(written.error());
  return publish(name, rank, std::move(*writer));
}

Result<void> Store::remove(std::string_view name) {
  return state_->remove(name);
}

void Store::on_pressure(std::function<void()> let_go) {
  const std::scoped_lock lock(state_->pressure_mutex);
  state_->let_go = std::move(let_go);
}

Result<Statistics> Store::statistics() {
  const std::scoped_lock lock(state_->mutex);
  return state_->index.statistics();
}

Result<Verification> Store::verify() {
  return state_->verify();
}

Result<Collection> Store::collect(const std::stop_token& stop) {
  return state_->collect(stop);
}

Result<void> Store::check_writable() {
  auto writer = create();
  if (!writer) return std::unexpected(writer.error());
  return writer->append(std::as_bytes(std::span("wheelbarrow")));
}

}  // namespace wheelbarrow::store
