// A request's body on its way to a handler that wants it: in a file without a name, so that memory doesn't
// grow with it, and a client that leaves half-way leaves nothing behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/slice.hpp"

namespace wheelbarrow::http {

class BodyFile {
 public:
  // In: the folder whose disk it lies on; the most bytes that a body may have, more is 413. ErrorKind::io if
  // the folder can't be written.
  static Result<std::shared_ptr<BodyFile>> make(const std::filesystem::path& folder, std::uint64_t most);

  std::uint64_t most() const { return most_; }

  // Adds the next bytes; ErrorKind::io if the disk is full. Waits for the disk, so not on an event loop.
  // REQUIRES: calls don't overlap; the bytes are not more than `most` in all.
  Result<void> append(std::string_view bytes);

  // What has come so far, mapped. The slice outlives the object.
  Result<Slice> contents() const;

 private:
  BodyFile(FileDescriptor file, std::uint64_t most) : file_(std::move(file)), most_(most) {}

  FileDescriptor file_;
  std::uint64_t most_;
  std::uint64_t size_ = 0;
};

}  // namespace wheelbarrow::http
