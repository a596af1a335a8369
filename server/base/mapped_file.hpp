// Whole files mapped for reading, and what a server wants to know of a piece of one: where it lies on disk,
// so that the kernel can send it without a copy, and whether it is in memory, so that an event loop doesn't
// wait for the disk in the middle of a page fault.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/slice.hpp"

namespace wheelbarrow {

// ErrorKind::not_found if there is no such file. An empty file gives an empty slice. The file must not be cut
// short while it is mapped; the store's own files never are.
Result<Slice> map_file(const std::filesystem::path& path);
// The same of a file that is open; `path` is its name.
Result<Slice> map_file(const FileDescriptor& file, const std::filesystem::path& path);

struct FilePlace {
  const std::filesystem::path* path = nullptr;  // as it was mapped; lives as long as the slice's owner
  std::uint64_t offset = 0;
};

// Where the slice lies, if it is a piece of a mapped file.
std::optional<FilePlace> file_of(const Slice& slice);

// Whether all pages of a piece of a mapped file are in memory, or were a tenth of a second ago. True when the
// system doesn't tell.
bool is_resident(const Slice& slice);

// Reads all pages of a piece of a mapped file into memory; waits for the disk.
void make_resident(const Slice& slice);

}  // namespace wheelbarrow
