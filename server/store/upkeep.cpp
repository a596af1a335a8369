// Looking after the whole folder: reading every blob, sweeping what crashes left behind.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/file_descriptor.hpp"
#include "store/blob_file.hpp"
#include "store/store_state.hpp"

namespace wheelbarrow::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t read_step = std::size_t{256} * 1024;  // bytes

// Read, not mapped: a file that is cut short meanwhile is an error and not a signal.
Result<void> check_file(const fs::path& path, const IndexedBlob& blob) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return fail(ErrorKind::not_found, "the blob's file is gone", path);
    return fail_errno("open the blob", path);
  }
  std::vector<std::byte> buffer(read_step);
  Sha256Hasher hasher;
  std::uint64_t size = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read the blob", path);
    if (got == 0) break;
    hasher.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    size += static_cast<std::uint64_t>(got);
  }
  if (size != blob.size) {
    return fail(ErrorKind::not_found,
                "the blob has " + std::to_string(size) + " bytes instead of " + std::to_string(blob.size),
                path);
  }
  if (hasher.finish() != blob.sha256) {
    return fail(ErrorKind::corrupt, "the blob's bytes don't match its SHA-256", path);
  }
  return {};
}

}  // namespace

Result<Verification> Store::State::verify() {
  Verification verification;
  Result<std::vector<IndexedBlob>> known;
  {
    const std::scoped_lock lock(mutex);
    known = index.blobs();
  }
  if (!known) return std::unexpected(known.error());
  for (const IndexedBlob& blob : *known) {
    const auto checked = check_file(path_of(blob.sha256), blob);
    ++verification.blobs;
    verification.bytes += blob.size;
    if (checked) continue;
    // A disk that can't be read gives an error and its blob the benefit of the doubt.
    if (checked.error().kind == ErrorKind::io) return std::unexpected(checked.error());
    const auto dropped = drop_damaged(blob, checked.error().kind == ErrorKind::corrupt);
    if (!dropped) return std::unexpected(dropped.error());
    if (*dropped) verification.damaged.push_back(checked.error());
  }
  return verification;
}

// Names whose blob is gone.
Result<void> Store::State::collect_names(const std::stop_token& stop, Collection& done) {
  Result<std::vector<IndexedBlob>> known;
  {
    const std::scoped_lock lock(mutex);
    known = index.blobs();
  }
  if (!known) return std::unexpected(known.error());
  for (const IndexedBlob& blob : *known) {
    if (stop.stop_requested()) return {};
    std::error_code error;
    if (fs::file_size(path_of(blob.sha256), error) == blob.size && !error) continue;
    const auto dropped = drop_damaged(blob, false);
    if (!dropped) return std::unexpected(dropped.error());
    done.lost_names += *dropped ? 1 : 0;
  }
  return {};
}

// Blobs that no name refers to. A blob that another process has just renamed has its name in the same
// transaction (see adopt()), so within one of our own there is none in between.
Result<void> Store::State::sweep_folder(const fs::path& folder, Collection& done) {
  std::error_code error;
  std::vector<Condemned> nameless;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const auto sha256 = Sha256::from_hex(entry.path().filename().native());
    const std::uint64_t size = entry.file_size(error);
    if (!sha256 || error) continue;
    const std::scoped_lock lock(mutex);
    const auto referred = index.refers_to(*sha256);
    if (!referred) return std::unexpected(referred.error());
    if (!*referred) nameless.push_back({*sha256, size});
  }
  if (nameless.empty()) return {};
  const std::scoped_lock lock(mutex);
  Collection swept;
  if (auto unlinked = unlink_nameless(nameless, swept); !unlinked) return unlinked;
  done.freed_bytes += swept.freed_bytes;
  done.nameless_blobs += swept.nameless_blobs;
  return {};
}

Result<Collection> Store::State::collect(const std::stop_token& stop) {
  Collection done;
  if (stop.stop_requested()) return done;
  done.temporary_files = sweep_abandoned_files(temporary);
  if (auto collected = collect_names(stop, done); !collected) return std::unexpected(collected.error());
  std::error_code error;
  for (const fs::directory_entry& folder : fs::directory_iterator(blobs, error)) {
    if (stop.stop_requested()) return done;
    if (auto swept = sweep_folder(folder.path(), done); !swept) return std::unexpected(swept.error());
  }
  if (stop.stop_requested()) return done;
  const std::scoped_lock evicting(evicting_);
  const auto evicted = evict();
  if (!evicted) return std::unexpected(evicted.error());
  done.evicted_blobs = evicted->evicted_blobs;
  done.freed_bytes += evicted->freed_bytes;
  return done;
}

}  // namespace wheelbarrow::store
