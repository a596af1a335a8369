// A mapped file whose pages are not in memory, as one that nobody asked for in a long time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "base/file_descriptor.hpp"
#include "base/mapped_file.hpp"

namespace wheelbarrow::test {

// Nothing where that can't be had: some file systems keep everything in memory.
inline std::optional<Slice> map_cold_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path) << content;
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // Only clean pages that nobody has mapped can be given up.
  if (::fsync(file.get()) != 0 || ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED) != 0)
    return std::nullopt;
  const auto mapped = map_file(path);
  if (!mapped || is_resident(*mapped)) return std::nullopt;
  return *mapped;
}

}  // namespace wheelbarrow::test
