#include "wheelhouse/inventory.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "wheelhouse/shared_library.hpp"
#include "wheelhouse/wheel_reader.hpp"
#include "wheelhouse/yanked_mark.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t portion_size = 2000;  // files that are read before what is known of them is kept

std::int64_t now_nanoseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// The kernel stamps files with a clock that ticks every 1 to 10 ms. A file that is read within the tick of
// its last write may be written again without its stamp showing it, so such a verdict holds for one catalog
// only.
bool is_settled(const FileIdentity& identity, std::int64_t read_at) {
  constexpr std::int64_t longest_tick = 10'000'000;
  return identity.modified + longest_tick < read_at;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

Result<void> check_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return fail(ErrorKind::invalid_input,
                error ? "the folder can't be found: " + error.message() : "is not a folder", folder.string());
  }
  return {};
}

// Chooses among the accepted files and completes them from the lock file and the marks of yanked wheels.
class Selection {
 public:
  Selection(const PyodideLock* lock, YankedReasons yanked) : yanked_(std::move(yanked)) {
    if (lock == nullptr) {
      return;
    }
    folder_ = lock->distribution.folder;
    for (const LockedPackage& package : lock->packages) {
      locked_.emplace(package.file_name, &package);
    }
  }

  void add(const WheelPtr& wheel) {
    const auto locked = locked_.find(wheel->filename);
    const LockedPackage* package = locked == locked_.end() ? nullptr : locked->second;
    const bool same = package != nullptr && package->sha256 == wheel->sha256;
    if (package != nullptr && !same && wheel->path.parent_path() == folder_) {
      refuse(*wheel, "its SHA-256 is " + wheel->sha256.hex() + ", but pyodide-lock.json says " +
                         package->sha256.hex());
      return;
    }
    const auto [first, added] = by_filename_.try_emplace(wheel->filename, wheel);
    if (!added) {
      // The same bytes again are simply a copy.
      if (first->second->sha256 != wheel->sha256) {
        refuse(*wheel,
               "another file of this name, with other content, comes first: " + first->second->path.string());
      }
      return;
    }
    wheels.push_back(complete(wheel, same ? package : nullptr));
  }

  std::vector<WheelPtr> wheels;
  std::vector<Refusal> refusals;

 private:
  WheelPtr complete(const WheelPtr& wheel, const LockedPackage* package) const {
    const auto yanked = yanked_.find(wheel->sha256);
    const bool has_depends = package != nullptr && !package->depends.empty();
    if (yanked == yanked_.end() && !has_depends) {
      return wheel;
    }
    auto completed = std::make_shared<Wheel>(*wheel);
    if (has_depends) {
      completed->distribution_depends = package->depends;
    }
    if (yanked != yanked_.end()) {
      completed->yanked = yanked->second;
    }
    return completed;
  }

  void refuse(const Wheel& wheel, std::string reason) { refusals.push_back({wheel.path, std::move(reason)}); }

  fs::path folder_;
  std::map<std::string_view, const LockedPackage*> locked_;
  std::map<std::string, WheelPtr> by_filename_;
  YankedReasons yanked_;
};

}  // namespace

Result<Inventory> Inventory::open(WheelhouseOptions options) {
  for (const fs::path& folder : options.folders) {
    if (auto checked = check_folder(folder); !checked) {
      return std::unexpected(checked.error());
    }
  }
  Inventory inventory(std::move(options));
  if (const auto& pyodide = inventory.options_.pyodide) {
    auto lock = read_pyodide_lock(*pyodide);
    if (!lock) {
      Error error = lock.error();
      error.kind = ErrorKind::invalid_input;
      return std::unexpected(std::move(error));
    }
    inventory.lock_ = std::move(*lock);
  }
  inventory.open_database();
  return inventory;
}

void Inventory::open_database() {
  if (options_.database.empty()) {
    return;
  }
  auto database = KnownFilesDatabase::open(options_.database, options_.limits);
  if (!database) {
    return note_database_problem(database.error());
  }
  auto known = database->load(std::max(options_.threads, 1U));
  if (!known) {
    return note_database_problem(known.error());
  }
  known_ = std::move(*known);
  database_ = std::move(*database);
}

void Inventory::note_database_problem(const Error& error) {
  database_problem_ = Refusal{options_.database, error.message + "; files are read anew at each start"};
}

bool Inventory::has_all_folders() const {
  return std::ranges::all_of(options_.folders, is_folder) &&
         std::ranges::all_of(options_.optional_folders, is_folder) &&
         (!options_.pyodide || is_folder(*options_.pyodide));
}

// A lock file that has become unreadable leaves the last good one in force: its wheels are served still.
void Inventory::renew_lock(std::vector<Refusal>& refusals) {
  if (!options_.pyodide) {
    return;
  }
  const fs::path path = *options_.pyodide / "pyodide-lock.json";
  auto lock = read_pyodide_lock(*options_.pyodide);
  if (lock) {
    lock_ = std::move(*lock);
  } else {
    refusals.push_back({path, lock.error().message + "; what it said before holds on"});
  }
  for (const std::string& fault : lock_->faults) {
    refusals.push_back({path, fault});
  }
}

KnownFile Inventory::read_file(const FoundFile& file) const {
  const auto& library = file.identity.library;
  KnownFile known{.identity = file.identity, .wheel = nullptr, .refusal = {}};
  const std::int64_t start = now_nanoseconds();
  bool lasting = true;
  try {
    auto wheel = library ? read_shared_library(file.path, *library, options_.limits)
                         : read_wheel(file.path, options_.limits);
    if (wheel) {
      known.wheel = std::make_shared<const Wheel>(std::move(*wheel));
    } else {
      known.refusal = wheel.error().message;
      lasting = wheel.error().kind == ErrorKind::corrupt || wheel.error().kind == ErrorKind::limit;
    }
  } catch (const std::bad_alloc&) {
    known.refusal = "there is not enough memory to read it";
    lasting = false;
  }
  if (!lasting || !is_settled(file.identity, start)) {
    known.identity = {};  // equals no file's, so it is read again next time
  }
  return known;
}

// One more file has been read.
void Inventory::tell(Progress& progress) const {
  const std::size_t read = ++progress.read;
  if (!options_.progress) {
    return;
  }
  const std::unique_lock lock(progress.telling, std::try_to_lock);
  const auto now = std::chrono::steady_clock::now();
  if (lock && now - progress.told >= options_.progress_interval) {
    progress.told = now;
    options_.progress(read, progress.of);
  }
}

KnownFiles Inventory::read_files(std::span<const FoundFile> files, Progress& progress) const {
  std::vector<KnownFile> results(files.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      results[i] = read_file(files[i]);
      tell(progress);
    }
  };
  {
    const std::size_t count = std::min<std::size_t>(std::max(options_.threads, 1U), files.size());
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < count; ++i) {
      workers.emplace_back(work);
    }
    work();
  }
  KnownFiles known;
  for (std::size_t i = 0; i < files.size(); ++i) {
    known.emplace(files[i].path, std::move(results[i]));
  }
  return known;
}

void Inventory::remember(const FolderScan& scan, KnownFiles changed) {
  std::unordered_set<std::string_view> present;
  present.reserve(scan.files.size());
  for (const FoundFile& file : scan.files) {
    present.insert(file.path.native());
  }
  std::vector<fs::path> vanished;
  std::erase_if(known_, [&](const auto& each) {
    const fs::path& path = each.first;
    if (present.contains(path.native())) {
      return false;
    }
    // Otherwise another server with the same database may know it.
    std::error_code error;
    if (!fs::exists(path, error) && !error) {
      vanished.push_back(path);
    }
    return true;
  });
  for (const auto& [path, known] : changed) {
    known_.insert_or_assign(path, known);
  }
  if (!database_) {
    return;
  }
  // What doesn't last is of no use to the next start; an older verdict on the file goes as well.
  std::erase_if(changed, [&](const auto& each) {
    const bool passing = each.second.identity == FileIdentity();
    if (passing) {
      vanished.push_back(each.first);
    }
    return passing;
  });
  if (auto saved = database_->save(changed, vanished); !saved) {
    note_database_problem(saved.error());
  } else {
    database_problem_.reset();
  }
}

// A mark counts whatever is in it: it is better to lose a reason than to hand out a wheel that was withdrawn.
YankedReasons Inventory::read_yanked_marks(const FolderScan& scan, std::vector<Refusal>& refusals) const {
  YankedReasons yanked;
  for (const fs::path& mark : scan.yanked_marks) {
    const fs::path path = wheel_of_mark(mark);
    const auto known = known_.find(path);
    if (known == known_.end()) {
      refusals.push_back({mark, "there is no " + path.filename().string() + " beside it to be yanked"});
      continue;
    }
    auto reason = read_yanked_reason(mark);
    if (!reason) {
      refusals.push_back({mark, reason.error().message + "; the wheel is yanked without a reason"});
    }
    if (known->second.wheel) {
      yanked.try_emplace(known->second.wheel->sha256, reason.value_or(""));
    }
  }
  return yanked;
}

Catalog::Parts Inventory::update() {
  std::vector<Refusal> refusals;
  renew_lock(refusals);
  std::vector<fs::path> folders = options_.optional_folders;
  std::erase_if(folders, [](const fs::path& folder) { return !is_folder(folder); });
  folders.insert(folders.end(), options_.folders.begin(), options_.folders.end());
  FolderScan scan = scan_folders(folders);
  if (lock_) {
    scan_distribution(*lock_, scan);
  }
  std::ranges::move(scan.refusals, std::back_inserter(refusals));
  std::vector<FoundFile> unknown;
  for (const FoundFile& file : scan.files) {
    const auto known = known_.find(file.path);
    if (known == known_.end() || known->second.identity != file.identity) {
      unknown.push_back(file);
    }
  }
  // In portions, so that a server that is ended meanwhile goes on from there when it is started again.
  Progress progress;
  progress.of = unknown.size();
  std::span<const FoundFile> rest(unknown);
  do {
    const auto portion = rest.first(std::min(rest.size(), portion_size));
    remember(scan, read_files(portion, progress));
    rest = rest.subspan(portion.size());
  } while (!rest.empty());
  Selection selection(lock_ ? &*lock_ : nullptr, read_yanked_marks(scan, refusals));
  for (const FoundFile& file : scan.files) {
    const KnownFile& known = known_.at(file.path);
    if (known.wheel) {
      selection.add(known.wheel);
    } else {
      refusals.push_back({file.path, known.refusal});
    }
  }
  std::ranges::move(selection.refusals, std::back_inserter(refusals));
  if (database_problem_) {
    refusals.push_back(*database_problem_);
  }
  statistics_ = {
      .read = unknown.size(), .remembered = scan.files.size() - unknown.size(), .refused = refusals.size()};
  folders_ = std::move(scan.folders);
  return {.wheels = std::move(selection.wheels),
          .refusals = std::move(refusals),
          .pyodide = lock_ ? std::optional(lock_->distribution) : std::nullopt};
}

}  // namespace wheelbarrow::wheelhouse
