#include "store/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "store/file_descriptor.hpp"

namespace wheelbarrow::store {

Result<Slice> map_file(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return fail(ErrorKind::not_found, "no such file", path);
    return fail_errno("open the file", path);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno("read the file's size", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return Slice{};
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return fail_errno("map the file", path);
  std::shared_ptr<const void> owner(
      address, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return Slice{std::move(owner), {static_cast<const std::byte*>(address), size}};
}

}  // namespace wheelbarrow::store
