// An archive on disk, opened once: everything that is learnt about it comes through one descriptor, so that a
// file that is swapped or rewritten meanwhile can't be checked as one thing and hashed as another. Or one in
// memory.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <span>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/slice.hpp"

namespace wheelbarrow::wheelhouse {

class ArchiveFile {
 public:
  // Regular files only; never blocks on a pipe or a device.
  static Result<ArchiveFile> open(const std::filesystem::path& path);
  // `name` is what errors call it.
  static ArchiveFile of(Slice bytes, std::filesystem::path name);
  ~ArchiveFile();
  ArchiveFile(ArchiveFile&& other) noexcept;
  ArchiveFile(const ArchiveFile&) = delete;
  ArchiveFile& operator=(const ArchiveFile&) = delete;
  ArchiveFile& operator=(ArchiveFile&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }
  std::time_t modified() const { return status_.st_mtim.tv_sec; }

  // The number of bytes read; less than asked for only at the end of the file.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const;
  // Fills `into` or fails with ErrorKind::corrupt.
  Result<void> read_exactly_at(std::uint64_t offset, std::span<std::byte> into) const;
  Result<Sha256> sha256() const;

  // Fails with ErrorKind::busy if the file was written to since open(). REQUIRES: it was made by open().
  Result<void> check_unchanged() const;

 private:
  ArchiveFile(std::filesystem::path path, int descriptor, const struct stat& status);

  std::filesystem::path path_;
  int descriptor_;  // -1 for one in memory
  struct stat status_;
  Slice bytes_;
};

}  // namespace wheelbarrow::wheelhouse
