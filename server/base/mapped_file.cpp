#include "base/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>

namespace wheelbarrow {
namespace {

using Clock = std::chrono::steady_clock;

// A mapping up to this size is asked about as a whole, and a good answer counts for a while: a rope has
// hundreds of such slices, and a system call for each costs a quarter as much as sending them.
constexpr std::size_t small_mapping = std::size_t{1024} * 1024;
constexpr std::chrono::milliseconds answer_life{100};

// Sits in the control block of a mapping's owner, where file_of() finds it again.
struct Unmap {
  std::filesystem::path path;
  std::size_t size = 0;
  Clock::rep resident_until = Clock::time_point::min().time_since_epoch().count();  // of a small mapping
  void operator()(const void* mapped) const { ::munmap(const_cast<void*>(mapped), size); }
};

Unmap* mapping_of(const Slice& slice) {
  return slice.owner ? std::get_deleter<Unmap>(slice.owner) : nullptr;
}

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// The slice and what shares its first and last page.
std::span<std::byte> whole_pages(const Slice& slice) {
  auto* const base = static_cast<std::byte*>(const_cast<void*>(slice.owner.get()));
  const auto offset = static_cast<std::size_t>(slice.bytes.data() - base);
  const std::size_t first = offset / page_size() * page_size();
  return {base + first, offset - first + slice.size()};
}

bool are_resident(std::span<std::byte> pages) {
  std::array<unsigned char, 256> states{};  // one byte a page
  while (!pages.empty()) {
    const std::size_t step = std::min(pages.size(), states.size() * page_size());
    if (::mincore(pages.data(), step, states.data()) != 0) return true;
    const std::size_t count = (step + page_size() - 1) / page_size();
    if (!std::all_of(states.begin(), states.begin() + static_cast<std::ptrdiff_t>(count),
                     [](unsigned char state) { return (state & 1) != 0; })) {
      return false;
    }
    pages = pages.subspan(step);
  }
  return true;
}

}  // namespace

Result<Slice> map_file(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return fail(ErrorKind::not_found, "no such file", path);
    return fail_errno("open the file", path);
  }
  return map_file(file, path);
}

Result<Slice> map_file(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno("read the file's size", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return Slice{};
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return fail_errno("map the file", path);
  std::shared_ptr<const void> owner(address, Unmap{.path = path, .size = size});
  return Slice{std::move(owner), {static_cast<const std::byte*>(address), size}};
}

std::optional<FilePlace> file_of(const Slice& slice) {
  const Unmap* const mapping = mapping_of(slice);
  if (mapping == nullptr) return std::nullopt;
  const auto* const base = static_cast<const std::byte*>(slice.owner.get());
  return FilePlace{&mapping->path, static_cast<std::uint64_t>(slice.bytes.data() - base)};
}

bool is_resident(const Slice& slice) {
  Unmap* const mapping = mapping_of(slice);
  if (mapping == nullptr) return true;
  if (mapping->size > small_mapping) return are_resident(whole_pages(slice));
  const std::atomic_ref until(mapping->resident_until);
  const Clock::time_point now = Clock::now();
  if (now.time_since_epoch().count() < until.load(std::memory_order_relaxed)) return true;
  auto* const base = static_cast<std::byte*>(const_cast<void*>(slice.owner.get()));
  if (!are_resident({base, mapping->size})) return are_resident(whole_pages(slice));
  until.store((now + answer_life).time_since_epoch().count(), std::memory_order_relaxed);
  return true;
}

void make_resident(const Slice& slice) {
  if (mapping_of(slice) == nullptr) return;
  const std::span<std::byte> pages = whole_pages(slice);
  // A read-ahead for all of it at once; touching the pages then waits for each that has not arrived.
  ::madvise(pages.data(), pages.size(), MADV_WILLNEED);
  for (std::size_t at = 0; at < pages.size(); at += page_size()) {
    static_cast<void>(*static_cast<volatile std::byte*>(pages.data() + at));
  }
}

}  // namespace wheelbarrow
