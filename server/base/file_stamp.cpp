#include "base/file_stamp.hpp"

#include <sys/stat.h>

#include <chrono>

namespace wheelbarrow {

std::optional<FileStamp> stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileStamp{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                   status.st_mtim.tv_nsec};
}

std::string to_string(const FileStamp& stamp) {
  std::string text;
  for (const std::int64_t number :
       {static_cast<std::int64_t>(stamp.device), static_cast<std::int64_t>(stamp.inode), stamp.size,
        stamp.seconds, stamp.nanoseconds}) {
    text += std::to_string(number) + ' ';
  }
  return text;
}

bool is_settled(const FileStamp& stamp) {
  using namespace std::chrono;
  constexpr milliseconds longest_tick{10};
  const auto age =
      system_clock::now().time_since_epoch() - seconds(stamp.seconds) - nanoseconds(stamp.nanoseconds);
  return abs(age) > longest_tick;
}

}  // namespace wheelbarrow
