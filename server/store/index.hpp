// Which name points at which blob: one SQLite table; private to the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/sha256.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace wheelbarrow::store {

struct IndexEntry {
  Sha256 sha256;
  std::uint64_t size = 0;  // bytes
};

// Not safe from several threads at once; safe for several processes on one file.
class Index {
 public:
  static Result<Index> open(const std::filesystem::path& file);

  Result<std::optional<IndexEntry>> find(std::string_view name);
  Result<void> set(std::string_view name, const IndexEntry& entry);
  Result<void> remove(std::string_view name);
  // Whether any name points at the blob.
  Result<bool> refers_to(const Sha256& sha256);

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  std::unexpected<Error> failure(const char* action) const;
  Result<Statement> prepare(const char* sql) const;

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  Statement find_, set_, remove_, refers_;
};

}  // namespace wheelbarrow::store
