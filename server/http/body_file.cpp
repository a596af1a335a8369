#include "http/body_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/mapped_file.hpp"

namespace wheelbarrow::http {

Result<std::shared_ptr<BodyFile>> BodyFile::make(const std::filesystem::path& folder, std::uint64_t most) {
  std::string name = folder / ".body-XXXXXX";
  FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return fail_errno("make a file for a request's body", folder);
  if (::unlink(name.c_str()) != 0) return fail_errno("hide a request's body", name);
  return std::shared_ptr<BodyFile>(new BodyFile(std::move(file), most));
}

Result<void> BodyFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("store a request's body", {});
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<Slice> BodyFile::contents() const {
  return map_file(file_, "a request's body");
}

}  // namespace wheelbarrow::http
