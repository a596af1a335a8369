#include "wheelhouse/archive_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace wheelbarrow::wheelhouse {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

ArchiveFile::ArchiveFile(std::filesystem::path path, int descriptor, const struct stat& status)
    : path_(std::move(path)), descriptor_(descriptor), status_(status) {}

ArchiveFile::ArchiveFile(ArchiveFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      status_(other.status_),
      bytes_(std::move(other.bytes_)) {}

ArchiveFile::~ArchiveFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<ArchiveFile> ArchiveFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) {
    const int error = errno;
    return fail(error == ENOENT ? ErrorKind::not_found : ErrorKind::io, "can't be opened: " + reason(error),
                path.string());
  }
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    const int error = errno;
    ::close(descriptor);
    return fail(ErrorKind::io, "can't be examined: " + reason(error), path.string());
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return fail(ErrorKind::corrupt, "is not a regular file", path.string());
  }
  return ArchiveFile(path, descriptor, status);
}

ArchiveFile ArchiveFile::of(Slice bytes, std::filesystem::path name) {
  struct stat status{};
  status.st_size = static_cast<off_t>(bytes.size());
  ArchiveFile file(std::move(name), -1, status);
  file.bytes_ = std::move(bytes);
  return file;
}

Result<std::size_t> ArchiveFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset >= size()) {
    return std::size_t{0};
  }
  if (descriptor_ < 0) {
    const auto left = bytes_.bytes.subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(left.size(), into.size());
    std::copy_n(left.begin(), count, into.begin());
    return count;
  }
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count =
        ::pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(ErrorKind::io, "can't be read: " + reason(errno), path_.string());
    }
    if (count == 0) {
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<void> ArchiveFile::read_exactly_at(std::uint64_t offset, std::span<std::byte> into) const {
  const auto count = read_at(offset, into);
  if (!count) {
    return std::unexpected(count.error());
  }
  if (*count != into.size()) {
    return fail(ErrorKind::corrupt, "the archive is cut short", path_.string());
  }
  return {};
}

Result<Sha256> ArchiveFile::sha256() const {
  Sha256Hasher hasher;
  std::vector<std::byte> buffer(262144);
  for (std::uint64_t offset = 0;;) {
    const auto count = read_at(offset, buffer);
    if (!count) {
      return std::unexpected(count.error());
    }
    if (*count == 0) {
      return hasher.finish();
    }
    hasher.update(std::span(buffer).first(*count));
    offset += *count;
  }
}

Result<void> ArchiveFile::check_unchanged() const {
  struct stat now{};
  if (::fstat(descriptor_, &now) != 0) {
    return fail(ErrorKind::io, "can't be examined: " + reason(errno), path_.string());
  }
  if (now.st_size != status_.st_size || !same_time(now.st_mtim, status_.st_mtim)) {
    return fail(ErrorKind::busy, "was written to while it was read", path_.string());
  }
  return {};
}

}  // namespace wheelbarrow::wheelhouse
