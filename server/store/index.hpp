// Which name points at which blob: one SQLite table; private to the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "store/store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace wheelbarrow::store {

struct IndexEntry {
  Sha256 sha256;
  std::uint64_t size = 0;  // bytes
  Rank rank = Rank::spare;
};

// A blob as all of its names together see it.
struct IndexedBlob {
  Sha256 sha256;
  std::uint64_t size = 0;
  Rank rank = Rank::spare;  // the highest
  std::int64_t used = 0;    // the latest
};

// Not safe from several threads at once; safe for several processes on one file. Whoever writes does so
// within a Writing.
class Index {
 public:
  // A write transaction: until it ends, nobody else writes, in no process, so that what is done to the blobs'
  // files meanwhile and what the names say go together. Undone unless it was committed.
  class Writing {
   public:
    Writing(Writing&& other) noexcept : index_(std::exchange(other.index_, nullptr)) {}
    Writing& operator=(Writing&&) = delete;
    ~Writing();
    Result<void> commit();

   private:
    friend class Index;
    explicit Writing(Index* index) : index_(index) {}
    Index* index_;
  };

  // ErrorKind::corrupt if the file is no index or a damaged one. An index of an earlier version is taken
  // over.
  static Result<Index> open(const std::filesystem::path& file);

  // REQUIRES: this object stays where it is, and lives longer.
  Result<Writing> write();
  Result<void> set(std::string_view name, const IndexEntry& entry);
  Result<void> remove(std::string_view name);
  Result<void> remove_names_of(const Sha256& sha256);
  // Makes names the latest used.
  Result<void> touch(std::span<const std::string> names);
  Result<void> touch(std::span<const Sha256> blobs);

  Result<std::optional<IndexEntry>> find(std::string_view name);
  // Whether any name points at the blob.
  Result<bool> refers_to(const Sha256& sha256);
  // Each blob once, the lowest rank first, in it the one used longest ago.
  Result<std::vector<IndexedBlob>> blobs();
  Result<std::uint64_t> total_size();  // bytes of different blobs
  Result<Statistics> statistics();

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  std::unexpected<Error> failure(const char* action) const;
  Result<void> execute(const char* sql);
  Result<void> run(sqlite3_stmt* statement);
  Result<Statement> prepare(const char* sql) const;
  Result<void> prepare_tables();

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  Statement find_, set_, remove_, remove_blob_, refers_, advance_, touch_, touch_blob_, blobs_, total_,
      shares_;
};

}  // namespace wheelbarrow::store
