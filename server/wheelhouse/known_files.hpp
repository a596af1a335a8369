// What is known about each file, in memory and kept in SQLite, so that a file is hashed and unzipped once in
// its life and not at every start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "wheelhouse/catalog.hpp"
#include "wheelhouse/shared_library.hpp"
#include "wheelhouse/wheel_reader.hpp"

struct sqlite3;

namespace wheelbarrow::wheelhouse {

// If nothing here changed, the file's content hasn't either.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds since the epoch
  std::uint64_t inode = 0;
  std::optional<LibraryDescription> library;  // how the file was read: the lock file's words, or as a wheel

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct KnownFile {
  FileIdentity identity;
  WheelPtr wheel;       // null if the file was refused
  std::string refusal;  // the reason
};

// Compares paths as texts: their own order takes them apart each time.
struct ByText {
  bool operator()(const std::filesystem::path& a, const std::filesystem::path& b) const {
    return a.native() < b.native();
  }
};
using KnownFiles = std::map<std::filesystem::path, KnownFile, ByText>;

// The database is a cache: losing it costs time only, so every failure of it may be survived. Not for use
// from several threads at a time.
class KnownFilesDatabase {
 public:
  // Opens or creates. What another version of the program or other limits left behind is forgotten. A file
  // that is no such database is left alone and is an error.
  static Result<KnownFilesDatabase> open(const std::filesystem::path& path, const WheelLimits& limits);

  // Reads in that many threads. REQUIRES: threads > 0.
  Result<KnownFiles> load(unsigned threads);
  // Writes `changed` and deletes `vanished`, both or neither.
  Result<void> save(const KnownFiles& changed, std::span<const std::filesystem::path> vanished);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  KnownFilesDatabase(std::filesystem::path path, std::unique_ptr<sqlite3, Close> handle);

  Result<void> execute(const std::string& sql);
  Result<void> prepare_tables(const WheelLimits& limits);
  Result<std::int64_t> number(const std::string& sql);
  std::unexpected<Error> error() const;

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace wheelbarrow::wheelhouse
