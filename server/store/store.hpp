// Content-addressed blobs on disk. A blob is a file named by the SHA-256 of its bytes; names (short strings
// such as "layer/<key>") point at blobs. The store keeps bytes and never knows what they mean.
//
// What a crash at any moment leaves behind is either a whole blob or nothing: bytes go to a temporary file,
// are synced, hashed and renamed into place before a name points at them. A blob is checked against its hash
// when it is first used after a start; one that fails is removed and counts as absent, so that it is built
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/slice.hpp"

namespace wheelbarrow::store {

// Immutable bytes, mapped for as long as `bytes` or a copy of it lives, whatever happens to the file's name.
struct Blob {
  Sha256 sha256;
  Slice bytes;
  std::filesystem::path path;
};

// Bytes on their way into the store. Destroying a writer that was not published discards them.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept;
  BlobWriter& operator=(BlobWriter&&) noexcept;
  ~BlobWriter();

  // Writes after everything written so far.
  Result<void> append(std::span<const std::byte> bytes);
  // Writes at `offset` bytes from the start; gaps read as zeros.
  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  // Bytes up to the end of what was written.
  std::uint64_t size() const;

 private:
  friend class Store;
  struct File;
  explicit BlobWriter(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

struct StoreOptions {
  std::filesystem::path folder;  // made if it is not there
  // Told of each blob that was found damaged or missing and therefore dropped. May be empty. Runs on the
  // calling thread.
  std::function<void(const Error&)> damaged;
};

// Safe from every thread, and for several processes on one folder.
class Store {
 public:
  // ErrorKind::io if the folder can't be made, read or written.
  static Result<std::unique_ptr<Store>> open(StoreOptions options);
  ~Store();

  // The blob that `name` points at; nothing if there is none. The first use of a blob in a process reads it
  // whole to check it, so this belongs in a build thread.
  Result<std::optional<Blob>> find(std::string_view name);

  // Begins a new blob.
  Result<BlobWriter> create();
  // Makes what was written a blob and points `name` at it, replacing what the name pointed at before. With
  // `expected`, bytes of any other hash are ErrorKind::corrupt and are discarded.
  Result<Blob> publish(std::string_view name, BlobWriter writer,
                       const std::optional<Sha256>& expected = std::nullopt);
  // create, append, publish.
  Result<Blob> put(std::string_view name, std::span<const std::byte> bytes);

  // Forgets a name, and the blob if no other name points at it. No error if there is no such name.
  Result<void> remove(std::string_view name);

  // Whether the folder can be written now; the reason if not.
  Result<void> check_writable();

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wheelbarrow::store
