#include "store/index.hpp"

#include <sqlite3.h>

#include <cstring>
#include <string>
#include <utility>

namespace wheelbarrow::store {
namespace {

void bind_text(sqlite3_stmt* statement, int column, std::string_view text) {
  sqlite3_bind_text64(statement, column, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void bind_hash(sqlite3_stmt* statement, int column, const Sha256& hash) {
  sqlite3_bind_blob64(statement, column, hash.bytes.data(), hash.bytes.size(), SQLITE_STATIC);
}

// Makes the statement ready for its next use when the scope ends, so that no read lock is kept.
struct Reset {
  sqlite3_stmt* statement;
  ~Reset() { sqlite3_reset(statement); }
};

}  // namespace

void Index::CloseDatabase::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void Index::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

std::unexpected<Error> Index::failure(const char* action) const {
  return fail(ErrorKind::io, std::string("can't ") + action + ": " + sqlite3_errmsg(database_.get()), file_);
}

Result<Index::Statement> Index::prepare(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return failure("prepare the store's index");
  }
  return Statement(statement);
}

Result<Index> Index::open(const std::filesystem::path& file) {
  Index index;
  index.file_ = file;
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(
      file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  index.database_.reset(database);
  if (opened != SQLITE_OK) return index.failure("open the store's index");
  sqlite3_busy_timeout(database, 10'000);  // milliseconds; another process may be writing
  const char* const schema =
      "PRAGMA journal_mode = WAL;"
      // A power cut may undo the last names, never break the file; a killed process loses nothing.
      "PRAGMA synchronous = NORMAL;"
      "CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, sha256 BLOB NOT NULL, size INTEGER NOT NULL)"
      " WITHOUT ROWID;"
      "CREATE INDEX IF NOT EXISTS names_by_blob ON names (sha256);";
  if (sqlite3_exec(database, schema, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return index.failure("prepare the store's index");
  }
  const std::pair<Statement*, const char*> statements[] = {
      {&index.find_, "SELECT sha256, size FROM names WHERE name = ?"},
      {&index.set_, "INSERT OR REPLACE INTO names (name, sha256, size) VALUES (?, ?, ?)"},
      {&index.remove_, "DELETE FROM names WHERE name = ?"},
      {&index.refers_, "SELECT 1 FROM names WHERE sha256 = ? LIMIT 1"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = index.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return index;
}

Result<std::optional<IndexEntry>> Index::find(std::string_view name) {
  const Reset reset{find_.get()};
  bind_text(find_.get(), 1, name);
  const int step = sqlite3_step(find_.get());
  if (step == SQLITE_DONE) return std::nullopt;
  if (step != SQLITE_ROW) return failure("read the store's index");
  IndexEntry entry;
  if (sqlite3_column_bytes(find_.get(), 0) != static_cast<int>(entry.sha256.bytes.size())) {
    return std::nullopt;  // not a row that this program wrote
  }
  std::memcpy(entry.sha256.bytes.data(), sqlite3_column_blob(find_.get(), 0), entry.sha256.bytes.size());
  entry.size = static_cast<std::uint64_t>(sqlite3_column_int64(find_.get(), 1));
  return entry;
}

Result<void> Index::set(std::string_view name, const IndexEntry& entry) {
  const Reset reset{set_.get()};
  bind_text(set_.get(), 1, name);
  bind_hash(set_.get(), 2, entry.sha256);
  sqlite3_bind_int64(set_.get(), 3, static_cast<sqlite3_int64>(entry.size));
  if (sqlite3_step(set_.get()) != SQLITE_DONE) return failure("write the store's index");
  return {};
}

Result<void> Index::remove(std::string_view name) {
  const Reset reset{remove_.get()};
  bind_text(remove_.get(), 1, name);
  if (sqlite3_step(remove_.get()) != SQLITE_DONE) return failure("write the store's index");
  return {};
}

Result<bool> Index::refers_to(const Sha256& sha256) {
  const Reset reset{refers_.get()};
  bind_hash(refers_.get(), 1, sha256);
  const int step = sqlite3_step(refers_.get());
  if (step != SQLITE_ROW && step != SQLITE_DONE) return failure("read the store's index");
  return step == SQLITE_ROW;
}

}  // namespace wheelbarrow::store
