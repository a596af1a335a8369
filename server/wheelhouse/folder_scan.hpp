// Finding the files of a wheelhouse. Looks at names and file status only, never into a file.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <vector>

#include "wheelhouse/known_files.hpp"
#include "wheelhouse/pyodide_lock.hpp"
#include "wheelhouse/wheel.hpp"

namespace wheelbarrow::wheelhouse {

struct FoundFile {
  std::filesystem::path path;
  FileIdentity identity;
};

struct FolderScan {
  std::vector<FoundFile> files;   // folder by folder in the order asked for, within one ordered by path
  std::vector<Refusal> refusals;  // folders and files that can't be looked at
  std::vector<std::filesystem::path> folders;    // every folder that was looked into
  std::set<std::filesystem::path> yanked_marks;  // see yanked_mark.hpp
};

// Finds "*.whl", and "*.whl.yanked", in the folders and below them. Symbolic links are followed, but no
// folder is looked into twice. Names that begin with a dot are passed over: tools that write a file under a
// temporary name choose such.
FolderScan scan_folders(std::span<const std::filesystem::path> folders);

// Adds those files of a distribution that are there; absent ones are no fault.
void scan_distribution(const PyodideLock& lock, FolderScan& scan);

}  // namespace wheelbarrow::wheelhouse
