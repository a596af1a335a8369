// What tells whether a file may have changed, without reading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace wheelbarrow {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t seconds = 0;  // of the last change
  std::int64_t nanoseconds = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Nothing if there is no regular file. Follows symbolic links.
std::optional<FileStamp> stamp_of(const std::filesystem::path& path);

}  // namespace wheelbarrow
