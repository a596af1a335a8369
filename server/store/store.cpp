#include "store/store.hpp"

#include <fcntl.h>

#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/file_descriptor.hpp"
#include "base/mapped_file.hpp"
#include "store/blob_file.hpp"
#include "store/index.hpp"

namespace wheelbarrow::store {
namespace fs = std::filesystem;

struct Store::State {
  StoreOptions options;
  fs::path temporary;
  fs::path blobs;

  std::mutex mutex;  // guards what follows
  Index index;
  // Blobs that were checked since the start; alive ones are shared instead of mapped again.
  std::unordered_map<Sha256, std::weak_ptr<const void>> checked;

  State(StoreOptions given, Index opened)
      : options(std::move(given)),
        temporary(options.folder / "tmp"),
        blobs(options.folder / "blobs"),
        index(std::move(opened)) {}

  fs::path path_of(const Sha256& sha256) const {
    const std::string hex = sha256.hex();
    return blobs / hex.substr(0, 2) / hex;
  }

  bool was_checked(const Sha256& sha256) {
    const std::scoped_lock lock(mutex);
    return checked.contains(sha256);
  }

  void remember(const Blob& blob) {
    const std::scoped_lock lock(mutex);
    checked[blob.sha256] = blob.bytes.owner;
  }

  // The mapping of a blob that somebody holds already.
  std::optional<Slice> shared(const IndexEntry& entry) {
    const std::scoped_lock lock(mutex);
    const auto found = checked.find(entry.sha256);
    if (found == checked.end()) return std::nullopt;
    auto owner = found->second.lock();
    if (!owner) return std::nullopt;
    const auto* const address = static_cast<const std::byte*>(owner.get());
    return Slice{std::move(owner), {address, static_cast<std::size_t>(entry.size)}};
  }

  Result<Blob> load(const IndexEntry& entry);
  Result<void> drop_if_unreferenced(const Sha256& sha256);
  Result<bool> forget(std::string_view name, const IndexEntry& entry, bool hash_differs);
};

namespace {

Result<void> sync_folder(const fs::path& folder) {
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor || ::fsync(descriptor.get()) != 0) return fail_errno("sync the folder", folder);
  return {};
}

}  // namespace

// Maps a blob and, once per process, checks it. ErrorKind::not_found if there is none of that size,
// ErrorKind::corrupt if its hash is wrong.
Result<Blob> Store::State::load(const IndexEntry& entry) {
  Blob blob{entry.sha256, {}, path_of(entry.sha256)};
  if (auto bytes = shared(entry)) {
    blob.bytes = std::move(*bytes);
    return blob;
  }
  auto mapped = map_file(blob.path);
  if (!mapped) return std::unexpected(mapped.error());
  if (mapped->size() != entry.size) {
    return fail(
        ErrorKind::not_found,
        "the blob has " + std::to_string(mapped->size()) + " bytes instead of " + std::to_string(entry.size),
        blob.path);
  }
  if (!was_checked(entry.sha256) && sha256(mapped->bytes) != entry.sha256) {
    return fail(ErrorKind::corrupt, "the blob's bytes don't match its SHA-256", blob.path);
  }
  blob.bytes = std::move(*mapped);
  remember(blob);
  return blob;
}

// REQUIRES: the mutex is held.
Result<void> Store::State::drop_if_unreferenced(const Sha256& sha256) {
  const auto referred = index.refers_to(sha256);
  if (!referred) return std::unexpected(referred.error());
  if (!*referred) {
    checked.erase(sha256);
    ::unlink(path_of(sha256).c_str());
  }
  return {};
}

// Drops a name and its blob, which was found damaged or missing, and returns true; unless another thread has
// replaced either meanwhile, so that it is worth looking again.
Result<bool> Store::State::forget(std::string_view name, const IndexEntry& entry, bool hash_differs) {
  const std::scoped_lock lock(mutex);
  const auto now = index.find(name);
  if (!now) return std::unexpected(now.error());
  if (!*now || (*now)->sha256 != entry.sha256) return false;
  const fs::path path = path_of(entry.sha256);
  std::error_code error;
  if (!hash_differs && fs::file_size(path, error) == entry.size) return false;
  checked.erase(entry.sha256);
  ::unlink(path.c_str());
  if (auto removed = index.remove(name); !removed) return std::unexpected(removed.error());
  return true;
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
  std::error_code error;
  for (const fs::path& folder : {options.folder / "tmp", options.folder / "blobs"}) {
    fs::create_directories(folder, error);
    if (error) return fail(ErrorKind::io, "can't make the folder: " + error.message(), folder);
  }
  auto index = Index::open(options.folder / "names.sqlite");
  if (!index) return std::unexpected(index.error());
  sweep_abandoned_files(options.folder / "tmp");
  std::unique_ptr<Store> store(new Store(std::make_unique<State>(std::move(options), std::move(*index))));
  if (auto writable = store->check_writable(); !writable) return std::unexpected(writable.error());
  return store;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::optional<Blob>> Store::find(std::string_view name) {
  for (;;) {
    Result<std::optional<IndexEntry>> entry;
    {
      const std::scoped_lock lock(state_->mutex);
      entry = state_->index.find(name);
    }
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) return std::nullopt;
    auto blob = state_->load(**entry);
    if (blob) return std::move(*blob);
    if (blob.error().kind != ErrorKind::corrupt && blob.error().kind != ErrorKind::not_found) {
      return std::unexpected(blob.error());
    }
    const bool hash_differs = blob.error().kind == ErrorKind::corrupt;
    const auto forgotten = state_->forget(name, **entry, hash_differs);
    if (!forgotten) return std::unexpected(forgotten.error());
    if (*forgotten) {
      if (state_->options.damaged) state_->options.damaged(blob.error());
      return std::nullopt;
    }
  }
}

Result<BlobWriter> Store::create() {
  auto file = BlobWriter::File::create(state_->temporary);
  if (!file) return std::unexpected(file.error());
  return BlobWriter(std::move(*file));
}

Result<Blob> Store::publish(std::string_view name, BlobWriter writer, const std::optional<Sha256>& expected) {
  BlobWriter::File& file = *writer.file_;
  auto mapped = map_file(file.path);
  if (!mapped) return std::unexpected(mapped.error());
  Blob blob{sha256(mapped->bytes), std::move(*mapped), {}};
  if (expected && blob.sha256 != *expected) {
    return fail(ErrorKind::corrupt,
                "the bytes have SHA-256 " + blob.sha256.hex() + " instead of " + expected->hex(),
                std::string(name));
  }
  blob.path = state_->path_of(blob.sha256);
  const fs::path folder = blob.path.parent_path();
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) return fail(ErrorKind::io, "can't make the folder: " + error.message(), folder);
  if (::fsync(file.descriptor.get()) != 0) return fail_errno("sync the blob", file.path);

  // Under the lock no other thread can drop the blob between its rename and the name that refers to it.
  const std::scoped_lock lock(state_->mutex);
  if (::rename(file.path.c_str(), blob.path.c_str()) != 0) return fail_errno("name the blob", blob.path);
  file.renamed = true;
  if (auto synced = sync_folder(folder); !synced) return std::unexpected(synced.error());
  // Anew, so that whoever sends it as a file (see file_of()) finds it under the name that lasts.
  mapped = map_file(blob.path);
  if (!mapped) return std::unexpected(mapped.error());
  std::swap(blob.bytes, *mapped);  // the other one is unmapped when the lock is free again
  auto before = state_->index.find(name);
  if (!before) return std::unexpected(before.error());
  if (auto set = state_->index.set(name, {blob.sha256, blob.bytes.size()}); !set) {
    return std::unexpected(set.error());
  }
  state_->checked[blob.sha256] = blob.bytes.owner;
  if (*before && (*before)->sha256 != blob.sha256) {
    if (auto dropped = state_->drop_if_unreferenced((*before)->sha256); !dropped) {
      return std::unexpected(dropped.error());
    }
  }
  return blob;
}

Result<Blob> Store::put(std::string_view name, std::span<const std::byte> bytes) {
  auto writer = create();
  if (!writer) return std::unexpected(writer.error());
  if (auto written = writer->append(bytes); !written) return std::unexpected(written.error());
  return publish(name, std::move(*writer));
}

Result<void> Store::remove(std::string_view name) {
  const std::scoped_lock lock(state_->mutex);
  auto entry = state_->index.find(name);
  if (!entry) return std::unexpected(entry.error());
  if (!*entry) return {};
  if (auto removed = state_->index.remove(name); !removed) return removed;
  return state_->drop_if_unreferenced((*entry)->sha256);
}

Result<void> Store::check_writable() {
  auto writer = create();
  if (!writer) return std::unexpected(writer.error());
  return writer->append(std::as_bytes(std::span("wheelbarrow")));
}

}  // namespace wheelbarrow::store
