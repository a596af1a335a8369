// Content-addressed blobs on disk. A blob is a file named by the SHA-256 of its bytes; names (short strings
// such as "layer/<key>") point at blobs. The store keeps bytes and never knows what they mean.
//
// What a crash at any moment leaves behind is either a whole blob or nothing: bytes go to a temporary file,
// are synced, hashed and renamed into place before a name points at them. What it may leave too is a
// temporary file or a blob without a name; collect() sweeps them.
//
// A blob is checked against its hash when it is first used after a start, and again when its file has changed
// since (FileStamp); one that fails is removed and counts as absent, so that it is built again. Files are
// read-only. Whoever writes into one all the same while it is mapped changes bytes that are in use, which the
// store doesn't see before the next find(); a page that was cut off ends the process (SIGBUS) when it is
// touched, so nothing else is sent in its place. verify() reads everything.
//
// A budget is kept by removing what was used longest ago among what is cheapest to lose (Rank), and records
// when they pass a quarter of it. Bytes that
// this process has mapped are never removed by it; another process's mapping lives on without the file's
// name. "Used" is counted, not timed, so clocks may jump.
//
// When the disk is full or read-only, what has to be written fails with ErrorKind::io and leaves nothing
// behind; find() goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/slice.hpp"

namespace wheelbarrow::store {

// How much is lost with a blob; the lowest is evicted first. A blob with several names has their highest.
enum class Rank : std::uint8_t {
  spare,    // nobody waits for it: it is made again at leisure
  derived,  // made again from what else is there, while somebody waits
  source,   // what others are made from
  record,   // small, and says what there was
};
inline constexpr std::size_t rank_count = 4;
std::string_view name_of(Rank rank);

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
  std::function<void(const Error&)> damaged = {};
  // Bytes of blobs to keep at most; 0 for no limit. The file system's own overhead comes on top.
  std::uint64_t budget = 0;
  // Told why the budget can't be kept now. May be empty. Runs on the thread that publishes.
  std::function<void(const Error&)> over_budget = {};
};

// What some of the names point at. A blob with several names counts for each.
struct Share {
  Rank rank = Rank::spare;
  std::string kind;  // of the names: what stands before the first '/'
  std::uint64_t names = 0;
  std::uint64_t bytes = 0;
};

struct Statistics {
  std::vector<Share> shares;  // by rank, then kind
  std::uint64_t blobs = 0;    // different ones
  std::uint64_t bytes = 0;    // of these
};

struct Verification {
  std::uint64_t blobs = 0;     // that were read
  std::uint64_t bytes = 0;     // of these
  std::vector<Error> damaged;  // what was dropped, and why
};

struct Collection {
  std::uint64_t temporary_files = 0;  // abandoned, removed
  std::uint64_t nameless_blobs = 0;   // removed
  std::uint64_t lost_names = 0;       // whose blob was gone, removed
  std::uint64_t evicted_blobs = 0;    // for the budget
  std::uint64_t freed_bytes = 0;      // in all
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
  // `expected`, bytes of any other hash are ErrorKind::corrupt and are discarded. May evict what is over the
  // budget, so this belongs in a build thread, too.
  Result<Blob> publish(std::string_view name, Rank rank, BlobWriter writer,
                       const std::optional<Sha256>& expected = std::nullopt);
  // create, append, publish.
  Result<Blob> put(std::string_view name, Rank rank, std::span<const std::byte> bytes);

  // Forgets a name, and the blob if no other name points at it. No error if there is no such name.
  Result<void> remove(std::string_view name);

  // Who keeps blobs only because they may be asked for again: called when the budget can't be kept without
  // them, to let go of the half that was used longest ago. Runs on a thread that publishes and calls nothing
  // of the store. An empty function takes the last one back and returns when it no longer runs.
  void on_pressure(std::function<void()> let_go);

  Result<Statistics> statistics();
  // Reads every blob that has a name and drops the damaged ones with their names. Safe beside whatever uses
  // the folder.
  Result<Verification> verify();
  // Sweeps what crashes left behind, then keeps the budget. Safe beside whatever uses the folder. Ends soon
  // after `stop` says so, with what was done.
  Result<Collection> collect(const std::stop_token& stop = {});

  // Whether the folder can be written now; the reason if not.
  Result<void> check_writable();

 private:
  class State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wheelbarrow::store
