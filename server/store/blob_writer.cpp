#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "store/blob_file.hpp"

namespace wheelbarrow::store {
namespace fs = std::filesystem;

BlobWriter::File::~File() {
  if (descriptor && !renamed) ::unlink(path.c_str());
}

Result<std::unique_ptr<BlobWriter::File>> BlobWriter::File::create(const fs::path& folder) {
  std::string name = folder / "blob-XXXXXX";
  FileDescriptor descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (!descriptor) return fail_errno("make a temporary file", folder);
  // mkostemp gives 0600; blobs are readable like the rest of the data folder.
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0 || ::fchmod(descriptor.get(), 0644) != 0) {
    return fail_errno("prepare a temporary file", name);
  }
  auto file = std::make_unique<File>();
  file->descriptor = std::move(descriptor);
  file->path = name;
  return file;
}

void sweep_abandoned_files(const fs::path& folder) {
  // A file this young may belong to a process that is about to lock it.
  const auto youngest = fs::file_time_type::clock::now() - std::chrono::minutes(1);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.last_write_time(error) > youngest || error) continue;
    const FileDescriptor file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
  }
}

BlobWriter::BlobWriter(std::unique_ptr<File> file) : file_(std::move(file)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter& BlobWriter::operator=(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() = default;

std::uint64_t BlobWriter::size() const {
  return file_->end;
}

Result<void> BlobWriter::append(std::span<const std::byte> bytes) {
  return write_at(file_->end, bytes);
}

Result<void> BlobWriter::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file_->descriptor.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail_errno("write", file_->path);
    }
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  file_->end = std::max(file_->end, offset);
  return {};
}

}  // namespace wheelbarrow::store
