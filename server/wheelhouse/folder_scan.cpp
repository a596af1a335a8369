#include "wheelhouse/folder_scan.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "wheelhouse/yanked_mark.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view wheel_suffix = ".whl";

bool is_yanked_mark(std::string_view name) {
  return name.ends_with(yanked_suffix) &&
         name.substr(0, name.size() - yanked_suffix.size()).ends_with(wheel_suffix);
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

FileIdentity identity_of(const struct stat& status) {
  constexpr std::int64_t second = 1'000'000'000;
  return {static_cast<std::uint64_t>(status.st_size),
          static_cast<std::int64_t>(status.st_mtim.tv_sec) * second + status.st_mtim.tv_nsec,
          static_cast<std::uint64_t>(status.st_ino), std::nullopt};
}

// The order of paths part by part, without taking them apart: a part ends before every other character.
bool comes_before(const fs::path& a, const fs::path& b) {
  return std::ranges::lexicographical_compare(a.native(), b.native(), [](char x, char y) {
    const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
    return rank(x) < rank(y);
  });
}

class Scanner {
 public:
  explicit Scanner(FolderScan& scan) : scan_(scan) {}

  // Depth first with a list of its own, so that deep trees cost no stack.
  void scan(const fs::path& root) {
    const std::size_t first = scan_.files.size();
    std::vector<fs::path> pending{root};
    while (!pending.empty()) {
      const fs::path folder = std::move(pending.back());
      pending.pop_back();
      look_into(folder, pending);
    }
    std::ranges::sort(scan_.files.begin() + static_cast<std::ptrdiff_t>(first), scan_.files.end(),
                      comes_before, &FoundFile::path);
  }

 private:
  void refuse(const fs::path& path, std::string why) { scan_.refusals.push_back({path, std::move(why)}); }

  void look_into(const fs::path& folder, std::vector<fs::path>& pending) {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) {
      return refuse(folder, "the folder can't be examined: " + reason(errno));
    }
    // A link that leads to an ancestor or to another folder of the list ends here.
    if (!visited_.emplace(status.st_dev, status.st_ino).second) {
      return;
    }
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    if (error) {
      return refuse(folder, "the folder can't be read: " + error.message());
    }
    scan_.folders.push_back(folder);
    while (entry != fs::directory_iterator()) {
      look_at(entry->path(), pending);
      entry.increment(error);
      if (error) {
        return refuse(folder, "the folder can't be read to its end: " + error.message());
      }
    }
  }

  void look_at(const fs::path& path, std::vector<fs::path>& pending) {
    const std::string name = path.filename().string();
    if (name.starts_with('.')) {
      return;
    }
    const bool named_wheel = name.ends_with(wheel_suffix);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      // Gone since it was listed, or a link to nothing; the latter matters only if it claims to be a wheel.
      if (named_wheel) {
        refuse(path, "can't be examined: " + reason(errno));
      }
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      pending.push_back(path);
    } else if (named_wheel && !S_ISREG(status.st_mode)) {
      refuse(path, "is not a regular file");
    } else if (named_wheel) {
      scan_.files.push_back({path, identity_of(status)});
    } else if (is_yanked_mark(name)) {
      scan_.yanked_marks.insert(path);
    }
  }

  FolderScan& scan_;
  std::set<std::pair<dev_t, ino_t>> visited_;
};

}  // namespace

FolderScan scan_folders(std::span<const fs::path> folders) {
  FolderScan scan;
  Scanner scanner(scan);
  for (const fs::path& folder : folders) {
    scanner.scan(folder);
  }
  return scan;
}

void scan_distribution(const PyodideLock& lock, FolderScan& scan) {
  const PyodideDistribution& distribution = lock.distribution;
  const auto& platforms = distribution.target.platforms();
  std::unordered_set<std::string> found_before;
  found_before.reserve(scan.files.size());
  for (const FoundFile& file : scan.files) {
    found_before.insert(file.path.native());
  }
  for (const LockedPackage& package : lock.packages) {
    FoundFile found{distribution.folder / package.file_name, {}};
    struct stat status{};
    if (::stat(found.path.c_str(), &status) != 0) {
      continue;
    }
    if (!found_before.insert(found.path.native()).second) {
      continue;
    }
    found.identity = identity_of(status);
    if (!package.wheel) {
      found.identity.library =
          LibraryDescription{package.name, package.version, platforms.empty() ? "any" : platforms.front()};
    } else if (fs::path mark = yanked_mark_of(found.path); ::stat(mark.c_str(), &status) == 0) {
      scan.yanked_marks.insert(std::move(mark));
    }
    scan.files.push_back(std::move(found));
  }
  scan.folders.push_back(distribution.folder);
}

}  // namespace wheelbarrow::wheelhouse
