// What tells whether a file may have changed, without reading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

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

// The stamp in words, for keys: the same only for equal stamps.
std::string to_string(const FileStamp& stamp);

// Whether a change from now on shows in the stamp. The kernel stamps files with a clock that ticks every 1 to
// 10 ms, so a file may change twice within one stamp.
bool is_settled(const FileStamp& stamp);

}  // namespace wheelbarrow
