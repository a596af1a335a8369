// Keeping the verdict on every file: reads what is new or changed, remembers the rest, and makes a catalog of
// it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "wheelhouse/catalog.hpp"
#include "wheelhouse/folder_scan.hpp"
#include "wheelhouse/known_files.hpp"
#include "wheelhouse/pyodide_lock.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::wheelhouse {

// The yanked wheels among the files, by content: a copy of a yanked wheel is yanked too.
using YankedReasons = std::map<Sha256, std::string>;

// Not for use from several threads at a time; update() starts threads of its own and ends them.
class Inventory {
 public:
  // Fails where a folder of the options is not there or its lock file can't be read.
  static Result<Inventory> open(WheelhouseOptions options);

  // Looks at the folders and gives what a catalog is made of now.
  Catalog::Parts update();

  // Of the last update().
  const ScanStatistics& statistics() const { return statistics_; }
  const std::vector<std::filesystem::path>& folders() const { return folders_; }
  // False if a folder is missing that was asked for, so that nothing will tell when it comes back.
  bool has_all_folders() const;

 private:
  explicit Inventory(WheelhouseOptions options) : options_(std::move(options)) {}

  void open_database();
  void renew_lock(std::vector<Refusal>& refusals);
  // How far reading is.
  struct Progress {
    std::size_t of = 0;
    std::atomic<std::size_t> read = 0;
    std::mutex telling;  // guards `told`
    std::chrono::steady_clock::time_point told = std::chrono::steady_clock::now();
  };
  void tell(Progress& progress) const;
  KnownFiles read_files(std::span<const FoundFile> files, Progress& progress) const;
  KnownFile read_file(const FoundFile& file) const;
  void remember(const FolderScan& scan, KnownFiles changed);
  YankedReasons read_yanked_marks(const FolderScan& scan, std::vector<Refusal>& refusals) const;
  void note_database_problem(const Error& error);

  WheelhouseOptions options_;
  std::optional<PyodideLock> lock_;
  KnownFiles known_;
  std::optional<KnownFilesDatabase> database_;
  std::optional<Refusal> database_problem_;
  std::vector<std::filesystem::path> folders_;
  ScanStatistics statistics_;
};

}  // namespace wheelbarrow::wheelhouse
