#include "wheelhouse/known_files.hpp"

#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cstring>
#include <mutex>
#include <new>
#include <string_view>
#include <thread>
#include <utility>

#include "wheelhouse/wheel_json.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

// Raise this whenever reading the same file would give another Wheel or another refusal.
constexpr int format_version = 3;
constexpr std::int64_t application_id = 0x77626b66;  // "wbkf", stored in the file's header
constexpr int busy_milliseconds = 500;

// The conditions under which verdicts hold.
std::string conditions(const WheelLimits& limits) {
  return "wheelbarrow " WHEELBARROW_VERSION " format " + std::to_string(format_version) + " limits " +
         std::to_string(limits.max_entries) + " " + std::to_string(limits.max_unpacked_size) + " " +
         std::to_string(limits.max_entry_size) + " " + std::to_string(limits.max_metadata_size);
}

// A prepared statement. Texts are bound without copying: they live until the next reset().
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) {
    sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &handle_, nullptr);
  }
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  explicit operator bool() const { return handle_ != nullptr; }
  int step() { return sqlite3_step(handle_); }
  void reset() {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
  }
  void bind(int index, std::string_view bytes) {
    sqlite3_bind_blob64(handle_, index, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(handle_, index, value); }

  std::int64_t number(int column) { return sqlite3_column_int64(handle_, column); }
  bool is_null(int column) { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  std::string_view bytes(int column) {
    const void* data = sqlite3_column_blob(handle_, column);
    const int size = sqlite3_column_bytes(handle_, column);
    return data == nullptr ? std::string_view()
                           : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
  }

 private:
  sqlite3_stmt* handle_ = nullptr;
};

// A description as one column: its three parts, none of which has a line break, one per line.
std::string library_text(const LibraryDescription& library) {
  return library.name + "\n" + library.version + "\n" + library.platform;
}

std::optional<LibraryDescription> parse_library(std::string_view text) {
  const std::size_t first = text.find('\n');
  const std::size_t last = text.rfind('\n');
  if (first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  return LibraryDescription{std::string(text.substr(0, first)),
                            std::string(text.substr(first + 1, last - first - 1)),
                            std::string(text.substr(last + 1))};
}

// What a row says, not understood yet.
struct Row {
  std::string path;
  FileIdentity identity;
  std::optional<std::string> library, wheel;
  std::string refusal;
};

Row copy_row(Statement& row) {
  const auto text = [&](int column) {
    return row.is_null(column) ? std::nullopt : std::optional<std::string>(row.bytes(column));
  };
  return {.path = std::string(row.bytes(0)),
          .identity = {static_cast<std::uint64_t>(row.number(1)), row.number(2),
                       static_cast<std::uint64_t>(row.number(3)), std::nullopt},
          .library = text(4),
          .wheel = text(5),
          .refusal = std::string(row.bytes(6))};
}

// A row that can't be understood is as good as none: the file is read again.
std::optional<KnownFiles::value_type> parse_row(Row row) {
  std::filesystem::path path(std::move(row.path));
  KnownFile known{.identity = row.identity, .wheel = nullptr, .refusal = {}};
  if (row.library) {
    known.identity.library = parse_library(*row.library);
    if (!known.identity.library) {
      return std::nullopt;
    }
  }
  if (row.wheel) {
    auto wheel = wheel_from_json(*row.wheel, path, known.identity.library);
    if (!wheel) {
      return std::nullopt;
    }
    known.wheel = std::make_shared<const Wheel>(std::move(*wheel));
  } else {
    known.refusal = std::move(row.refusal);
  }
  return KnownFiles::value_type(std::move(path), std::move(known));
}

}  // namespace

void KnownFilesDatabase::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

KnownFilesDatabase::KnownFilesDatabase(std::filesystem::path path, std::unique_ptr<sqlite3, Close> handle)
    : path_(std::move(path)), handle_(std::move(handle)) {}

std::unexpected<Error> KnownFilesDatabase::error() const {
  const char* text = handle_ ? sqlite3_errmsg(handle_.get()) : "no memory";
  return fail(ErrorKind::io, std::string("what is known about files can't be kept here: ") + text,
              path_.string());
}

Result<KnownFilesDatabase> KnownFilesDatabase::open(const std::filesystem::path& path,
                                                    const WheelLimits& limits) {
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  KnownFilesDatabase database(path, std::unique_ptr<sqlite3, Close>(raw));
  if (status != SQLITE_OK) {
    return database.error();
  }
  sqlite3_busy_timeout(raw, busy_milliseconds);
  if (auto ready = database.prepare_tables(limits); !ready) {
    return std::unexpected(ready.error());
  }
  return database;
}

Result<void> KnownFilesDatabase::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error();
  }
  return {};
}

Result<std::int64_t> KnownFilesDatabase::number(const std::string& sql) {
  Statement statement(handle_.get(), sql);
  if (!statement || statement.step() != SQLITE_ROW) {
    return error();
  }
  return statement.number(0);
}

Result<void> KnownFilesDatabase::prepare_tables(const WheelLimits& limits) {
  const auto owner = number("PRAGMA application_id");
  if (!owner) {
    return std::unexpected(owner.error());
  }
  const auto tables = number("SELECT count(*) FROM sqlite_master");
  if (!tables) {
    return std::unexpected(tables.error());
  }
  if (*owner != application_id && (*owner != 0 || *tables != 0)) {
    return fail(ErrorKind::io, "is a database of another program and is left alone", path_.string());
  }
  // Taken before looking, so that two servers that start at once don't both create.
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  auto created = execute("PRAGMA application_id = " + std::to_string(application_id) +
                         "; CREATE TABLE IF NOT EXISTS conditions (text BLOB NOT NULL)");
  if (!created) {
    return created;
  }
  bool current = false;
  {
    Statement statement(handle_.get(), "SELECT text FROM conditions");
    current = statement && statement.step() == SQLITE_ROW && statement.bytes(0) == conditions(limits);
  }
  if (!current) {
    auto renewed = execute(
        "DELETE FROM conditions; DROP TABLE IF EXISTS files;"
        "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL,"
        " inode INTEGER NOT NULL, library BLOB, wheel BLOB, refusal BLOB) WITHOUT ROWID");
    if (!renewed) {
      return renewed;
    }
    Statement insert(handle_.get(), "INSERT INTO conditions VALUES (?)");
    const std::string text = conditions(limits);
    insert.bind(1, text);
    if (!insert || insert.step() != SQLITE_DONE) {
      return error();
    }
  }
  return execute("COMMIT");
}

// Rows are fetched one after another, which is quick, and understood side by side, which takes its time.
Result<KnownFiles> KnownFilesDatabase::load(unsigned threads) {
  Statement statement(handle_.get(),
                      "SELECT path, size, modified, inode, library, wheel, refusal FROM files");
  if (!statement) {
    return error();
  }
  std::mutex mutex;  // guards the next three
  int status = SQLITE_ROW;
  bool out_of_memory = false;
  KnownFiles known;
  const auto next_row = [&]() -> std::optional<Row> {
    const std::scoped_lock lock(mutex);
    if (status == SQLITE_ROW) {
      status = statement.step();
    }
    return status == SQLITE_ROW ? std::optional(copy_row(statement)) : std::nullopt;
  };
  const auto work = [&] {
    try {
      while (auto row = next_row()) {
        if (auto parsed = parse_row(std::move(*row))) {
          const std::scoped_lock lock(mutex);
          known.insert(known.end(), std::move(*parsed));
        }
      }
    } catch (const std::bad_alloc&) {
      const std::scoped_lock lock(mutex);
      out_of_memory = true;
    }
  };
  {
    std::vector<std::jthread> workers;
    workers.reserve(threads - 1);
    for (unsigned i = 1; i < threads; ++i) {
      workers.emplace_back(work);
    }
    work();
  }
  if (out_of_memory) {
    throw std::bad_alloc();
  }
  if (status != SQLITE_DONE) {
    return error();
  }
  return known;
}

Result<void> KnownFilesDatabase::save(const KnownFiles& changed,
                                      std::span<const std::filesystem::path> vanished) {
  if (changed.empty() && vanished.empty()) {
    return {};
  }
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  const auto abandon = [&] {
    auto failure = error();
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return failure;
  };
  Statement remove(handle_.get(), "DELETE FROM files WHERE path = ?");
  for (const std::filesystem::path& path : vanished) {
    remove.reset();
    remove.bind(1, path.native());
    if (!remove || remove.step() != SQLITE_DONE) {
      return abandon();
    }
  }
  Statement insert(handle_.get(), "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const auto& [path, known] : changed) {
    const FileIdentity& identity = known.identity;
    const std::string library = identity.library ? library_text(*identity.library) : "";
    const std::string wheel = known.wheel ? wheel_to_json(*known.wheel) : "";
    insert.reset();
    insert.bind(1, path.native());
    insert.bind(2, static_cast<std::int64_t>(identity.size));
    insert.bind(3, identity.modified);
    insert.bind(4, static_cast<std::int64_t>(identity.inode));
    if (identity.library) {
      insert.bind(5, library);
    }
    if (known.wheel) {
      insert.bind(6, wheel);
    } else {
      insert.bind(7, known.refusal);
    }
    if (!insert || insert.step() != SQLITE_DONE) {
      return abandon();
    }
  }
  if (auto committed = execute("COMMIT"); !committed) {
    return abandon();
  }
  return {};
}

}  // namespace wheelbarrow::wheelhouse
