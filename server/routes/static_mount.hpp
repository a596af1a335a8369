// Finding the file that a path means in a static mount.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "routes/router.hpp"

namespace wheelbarrow::routes {

// Reads "--static DIR[:/prefix]". ErrorKind::invalid_input if the folder is not there.
Result<StaticMount> parse_static_mount(std::string_view text);

struct StaticFile {
  std::filesystem::path path;
  bool is_folder = false;  // the URL lacks the slash at its end
};

// The file of the mount with the longest matching prefix that has it; a folder means its index.html. Nothing
// outside the mount's folder is found, whatever symbolic links say, and no name that begins with a dot.
std::optional<StaticFile> find_static_file(std::span<const StaticMount> mounts, std::string_view path);

// A file of a folder that is served, by the same rules.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder, std::string_view name);

}  // namespace wheelbarrow::routes
