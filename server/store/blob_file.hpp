// The file behind a BlobWriter; private to the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/file_descriptor.hpp"
#include "store/store.hpp"

namespace wheelbarrow::store {

// A temporary file that is removed with this object unless it was renamed. It is locked (flock) as long as
// its process lives, so that another process knows an abandoned one from one in use.
struct BlobWriter::File {
  FileDescriptor descriptor;
  std::filesystem::path path;
  std::uint64_t end = 0;
  bool renamed = false;

  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  static Result<std::unique_ptr<File>> create(const std::filesystem::path& folder);
};

// Removes the temporary files that crashed processes left in `folder`; gives how many.
std::size_t sweep_abandoned_files(const std::filesystem::path& folder);

}  // namespace wheelbarrow::store
