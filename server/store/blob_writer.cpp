#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>

#include "store/blob_file.hpp"

namespace wheelbarrow::store {
namespace fs = std::filesystem;

BlobWriter::File::~File() {
  if (descriptor && !renamed) ::unlink(path.c_str());
}

Result<std::unique_ptr<BlobWriter::File>> BlobWriter::File::create(const fs::path& folder) {
  for (;;) {
    std::string name = folder / "blob-XXXXXX";
    auto file = std::make_unique<File>();
    file->descriptor = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!file->descriptor) return fail_errno("make a temporary file", folder);
    file->path = name;
    // mkostemp gives 0600; blobs are readable like the rest of the data folder, and written once.
    if (::fchmod(file->descriptor.get(), 0444) != 0) return fail_errno("prepare a temporary file", name);
    // Somebody who sweeps may have been faster with the lock; the file is gone then.
    struct stat status{};
    if (::flock(file->descriptor.get(), LOCK_EX | LOCK_NB) == 0) {
      if (::fstat(file->descriptor.get(), &status) == 0 && status.st_nlink > 0) return file;
    } else if (errno != EWOULDBLOCK) {
      return fail_errno("lock a temporary file", name);
    }
  }
}

std::size_t sweep_abandoned_files(const fs::path& folder) {
  std::size_t count = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const FileDescriptor file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    // A name that was renamed away between the two calls above is nobody's.
    if (::unlink(entry.path().c_str()) == 0) ++count;
  }
  return count;
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
