#include "store/index.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
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

// Nothing if a column doesn't hold a hash: not a row that this program wrote.
std::optional<Sha256> hash_of(sqlite3_stmt* row, int column) {
  Sha256 sha256;
  if (sqlite3_column_bytes(row, column) != static_cast<int>(sha256.bytes.size())) return std::nullopt;
  std::memcpy(sha256.bytes.data(), sqlite3_column_blob(row, column), sha256.bytes.size());
  return sha256;
}

Rank rank_of(sqlite3_stmt* row, int column) {
  return static_cast<Rank>(std::clamp(sqlite3_column_int(row, column), 0, static_cast<int>(rank_count) - 1));
}

std::uint64_t number_of(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}

constexpr int schema_version = 2;

constexpr const char* first_schema =
    "CREATE TABLE names (name TEXT PRIMARY KEY, sha256 BLOB NOT NULL, size INTEGER NOT NULL,"
    " rank INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX names_by_blob ON names (sha256);"
    "CREATE TABLE clock (tick INTEGER NOT NULL);"
    "INSERT INTO clock VALUES (0);"
    "PRAGMA user_version = 2";

// Version 1 had neither ranks nor ages. These are the ranks of the names that were given then.
constexpr const char* from_version_1 =
    "ALTER TABLE names ADD COLUMN rank INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE names ADD COLUMN used INTEGER NOT NULL DEFAULT 0;"
    "UPDATE names SET rank = 2 WHERE name GLOB 'layer/*';"
    "UPDATE names SET rank = 3 WHERE name GLOB 'bundle/*';"
    "CREATE TABLE clock (tick INTEGER NOT NULL);"
    "INSERT INTO clock VALUES (0);"
    "PRAGMA user_version = 2";

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
  const int code = sqlite3_errcode(database_.get()) & 0xff;
  const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  return fail(damaged ? ErrorKind::corrupt : ErrorKind::io,
              std::string("can't ") + action + ": " + sqlite3_errmsg(database_.get()), file_);
}

Result<void> Index::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure("prepare the store's index");
  }
  return {};
}

Result<void> Index::run(sqlite3_stmt* statement) {
  const Reset reset{statement};
  if (sqlite3_step(statement) != SQLITE_DONE) return failure("write the store's index");
  return {};
}

Result<Index::Statement> Index::prepare(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return failure("prepare the store's index");
  }
  return Statement(statement);
}

// All or nothing, and one process at a time.
Result<void> Index::prepare_tables() {
  auto writing = write();
  if (!writing) return std::unexpected(writing.error());
  int version = 0;
  bool empty = true;
  for (const auto& [sql, take] :
       {std::pair<const char*, std::function<void(int)>>{"PRAGMA user_version", [&](int v) { version = v; }},
        {"SELECT count(*) FROM sqlite_master", [&](int count) { empty = count == 0; }}}) {
    auto statement = prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    if (sqlite3_step(statement->get()) != SQLITE_ROW) return failure("read the store's index");
    take(sqlite3_column_int(statement->get(), 0));
  }
  if (version > schema_version) {
    return fail(ErrorKind::io, "the store was written by a newer wheelbarrow; give it another data folder",
                file_);
  }
  if (version == schema_version) return {};
  if (auto done = execute(empty ? first_schema : from_version_1); !done) return done;
  return writing->commit();
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
  // A power cut may undo the last names, never break the file; a killed process loses nothing.
  if (auto done = index.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = index.prepare_tables(); !done) return std::unexpected(done.error());
  const std::pair<Statement*, const char*> statements[] = {
      {&index.find_, "SELECT sha256, size, rank FROM names WHERE name = ?"},
      {&index.set_,
       "INSERT OR REPLACE INTO names (name, sha256, size, rank, used)"
       " VALUES (?, ?, ?, ?, (SELECT tick FROM clock))"},
      {&index.remove_, "DELETE FROM names WHERE name = ?"},
      {&index.remove_blob_, "DELETE FROM names WHERE sha256 = ?"},
      {&index.refers_, "SELECT 1 FROM names WHERE sha256 = ? LIMIT 1"},
      {&index.advance_, "UPDATE clock SET tick = tick + 1"},
      {&index.touch_, "UPDATE names SET used = (SELECT tick FROM clock) WHERE name = ?"},
      {&index.touch_blob_, "UPDATE names SET used = (SELECT tick FROM clock) WHERE sha256 = ?"},
      {&index.blobs_,
       "SELECT sha256, max(size), max(rank) AS rank, max(used) AS used FROM names GROUP BY sha256"
       " ORDER BY rank, used"},
      {&index.total_,
       "SELECT count(*), total(size) FROM (SELECT max(size) AS size FROM names GROUP BY sha256)"},
      {&index.shares_,
       "SELECT rank, substr(name, 1, instr(name || '/', '/') - 1) AS kind, count(*), sum(size) FROM names"
       " GROUP BY 1, 2 ORDER BY 1, 2"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = index.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return index;
}

Index::Writing::~Writing() {
  if (index_ != nullptr) sqlite3_exec(index_->database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Index::Writing::commit() {
  if (sqlite3_exec(index_->database_.get(), "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) {
    return index_->failure("write the store's index");
  }
  index_ = nullptr;
  return {};
}

Result<Index::Writing> Index::write() {
  if (sqlite3_exec(database_.get(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure("write the store's index");
  }
  return Writing(this);
}

Result<std::optional<IndexEntry>> Index::find(std::string_view name) {
  sqlite3_stmt* const row = find_.get();
  const Reset reset{row};
  bind_text(row, 1, name);
  const int step = sqlite3_step(row);
  if (step == SQLITE_DONE) return std::nullopt;
  if (step != SQLITE_ROW) return failure("read the store's index");
  const auto sha256 = hash_of(row, 0);
  if (!sha256) return std::nullopt;
  return IndexEntry{*sha256, number_of(row, 1), rank_of(row, 2)};
}

Result<void> Index::set(std::string_view name, const IndexEntry& entry) {
  if (auto done = run(advance_.get()); !done) return done;
  bind_text(set_.get(), 1, name);
  bind_hash(set_.get(), 2, entry.sha256);
  sqlite3_bind_int64(set_.get(), 3, static_cast<sqlite3_int64>(entry.size));
  sqlite3_bind_int(set_.get(), 4, static_cast<int>(entry.rank));
  return run(set_.get());
}

Result<void> Index::remove(std::string_view name) {
  bind_text(remove_.get(), 1, name);
  return run(remove_.get());
}

Result<void> Index::remove_names_of(const Sha256& sha256) {
  bind_hash(remove_blob_.get(), 1, sha256);
  return run(remove_blob_.get());
}

Result<void> Index::touch(std::span<const std::string> names) {
  if (auto done = run(advance_.get()); !done) return done;
  for (const std::string& name : names) {
    bind_text(touch_.get(), 1, name);
    if (auto done = run(touch_.get()); !done) return done;
  }
  return {};
}

Result<void> Index::touch(std::span<const Sha256> blobs) {
  if (auto done = run(advance_.get()); !done) return done;
  for (const Sha256& blob : blobs) {
    bind_hash(touch_blob_.get(), 1, blob);
    if (auto done = run(touch_blob_.get()); !done) return done;
  }
  return {};
}

Result<bool> Index::refers_to(const Sha256& sha256) {
  const Reset reset{refers_.get()};
  bind_hash(refers_.get(), 1, sha256);
  const int step = sqlite3_step(refers_.get());
  if (step != SQLITE_ROW && step != SQLITE_DONE) return failure("read the store's index");
  return step == SQLITE_ROW;
}

Result<std::vector<IndexedBlob>> Index::blobs() {
  sqlite3_stmt* const row = blobs_.get();
  const Reset reset{row};
  std::vector<IndexedBlob> blobs;
  int step = sqlite3_step(row);
  for (; step == SQLITE_ROW; step = sqlite3_step(row)) {
    if (const auto sha256 = hash_of(row, 0)) {
      blobs.push_back({*sha256, number_of(row, 1), rank_of(row, 2), sqlite3_column_int64(row, 3)});
    }
  }
  if (step != SQLITE_DONE) return failure("read the store's index");
  return blobs;
}

Result<std::uint64_t> Index::total_size() {
  const Reset reset{total_.get()};
  if (sqlite3_step(total_.get()) != SQLITE_ROW) return failure("read the store's index");
  return number_of(total_.get(), 1);
}

Result<Statistics> Index::statistics() {
  Statistics statistics;
  {
    const Reset reset{total_.get()};
    if (sqlite3_step(total_.get()) != SQLITE_ROW) return failure("read the store's index");
    statistics.blobs = number_of(total_.get(), 0);
    statistics.bytes = number_of(total_.get(), 1);
  }
  sqlite3_stmt* const row = shares_.get();
  const Reset reset{row};
  int step = sqlite3_step(row);
  for (; step == SQLITE_ROW; step = sqlite3_step(row)) {
    const auto* const kind = reinterpret_cast<const char*>(sqlite3_column_text(row, 1));
    statistics.shares.push_back(
        {rank_of(row, 0), kind != nullptr ? kind : "", number_of(row, 2), number_of(row, 3)});
  }
  if (step != SQLITE_DONE) return failure("read the store's index");
  return statistics;
}

}  // namespace wheelbarrow::store
