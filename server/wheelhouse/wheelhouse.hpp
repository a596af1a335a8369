// Finding, reading and verifying wheels, and keeping the catalog current. Knows nothing of requirements or of
// the network.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "wheelhouse/catalog.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::wheelhouse {

struct WheelhouseOptions {
  std::vector<std::filesystem::path> folders;  // searched recursively for *.whl and *.whl.yanked
  // The same, before these, but they need not be there.
  std::vector<std::filesystem::path> optional_folders = {};
  std::optional<std::filesystem::path> pyodide;  // a Pyodide distribution: pyodide-lock.json beside its files
  // Where what is known about each file is kept (SQLite, keyed by path, size, mtime and inode), so that a
  // restart hashes and unzips nothing. Empty: nothing is kept.
  std::filesystem::path database;
  WheelLimits limits;
  unsigned threads = 2;  // how many wheels are read at a time
  // Told now and then, while files are read, how many have been and of how many. May be empty. Runs on the
  // threads that read, one at a time.
  std::function<void(std::size_t read, std::size_t of)> progress = {};
  std::chrono::milliseconds progress_interval{
      1000};  // at least so long between two calls, and before the first
};

// What one look at the folders took.
struct ScanStatistics {
  std::size_t read = 0;        // files that were unzipped and hashed
  std::size_t remembered = 0;  // files whose verdict was known from their status alone
  std::size_t refused = 0;     // Catalog::refusals()
};

class Wheelhouse {
 public:
  // Scans all folders and returns when the first catalog is complete. Fails only where the options are wrong
  // (a folder that is not there, a pyodide-lock.json that can't be understood); a wheel that can't be taken
  // becomes a Refusal, and so does a database that can't be used.
  static Result<std::unique_ptr<Wheelhouse>> open(WheelhouseOptions options);
  ~Wheelhouse();

  // The current catalog; never null. Safe from every thread.
  std::shared_ptr<const Catalog> catalog() const;

  // Of the last look at the folders. Safe from every thread.
  ScanStatistics last_scan() const;

  // Looks at the folders again; swaps the catalog if anything changed and returns whether it did. Safe from
  // every thread; concurrent calls run one after another. Const, because the catalog changes by itself, too.
  Result<bool> rescan() const;

  // Starts to watch the folders from a thread of its own (inotify, or by polling every two seconds where that
  // is not to be had) and rescans when they have been quiet for a moment. `changed` runs after each swap, one
  // call at a time, on that thread or the one that called rescan(); it calls neither rescan() nor
  // stop_watching() and doesn't destroy the wheelhouse. Stops with stop_watching() or the destructor. At most
  // once per wheelhouse.
  Result<void> watch(std::function<void(const std::shared_ptr<const Catalog>&)> changed);
  // Returns when `changed` runs no more and won't again.
  void stop_watching();

 private:
  struct State;
  explicit Wheelhouse(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wheelbarrow::wheelhouse
