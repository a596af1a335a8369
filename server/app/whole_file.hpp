// Files that are there wholly or not at all.
#pragma once

#include <filesystem>

#include "base/error.hpp"
#include "base/slice.hpp"

namespace wheelbarrow::app {

// Writes beside `path` and renames, so that whoever reads `path` meanwhile sees the old file or the new one,
// and a failure leaves no half file under the name. Folders are not made.
Result<void> write_whole_file(const std::filesystem::path& path, const Slices& body);

// Removes what write_whole_file() has left below `folder` in processes of this machine that were killed. No
// error if there is no such folder.
Result<void> remove_abandoned_parts(const std::filesystem::path& folder);

// Whether the file is there with these very bytes.
bool holds(const std::filesystem::path& path, const Slices& body);

}  // namespace wheelbarrow::app
