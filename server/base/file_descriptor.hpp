// An owned POSIX file descriptor, and the operating system's last error as an Error.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace wheelbarrow {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// ErrorKind::io with errno's words: "can't <action>: No space left on device".
inline std::unexpected<Error> fail_errno(const std::string& action, std::string where) {
  return fail(ErrorKind::io, "can't " + action + ": " + std::generic_category().message(errno),
              std::move(where));
}

}  // namespace wheelbarrow
