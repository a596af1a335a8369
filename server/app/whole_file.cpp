#include "app/whole_file.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

namespace wheelbarrow::app {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view part_ending = ".wheelbarrow-part-";  // and the process's number

// Whether it is the file of a process that is gone.
bool is_abandoned_part(const std::string& filename) {
  const std::size_t ending = filename.rfind(part_ending);
  if (ending == std::string::npos) return false;
  const std::string_view digits = std::string_view(filename).substr(ending + part_ending.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), process);
  return error == std::errc() && end == digits.data() + digits.size() && process > 0 &&
         ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

Result<void> write_whole_file(const fs::path& path, const Slices& body) {
  const fs::path part = path.native() + std::string(part_ending) + std::to_string(::getpid());
  std::error_code error;
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    for (const Slice& slice : body) {
      out << slice.text();
    }
    out.flush();
    if (!out) {
      fs::remove(part, error);
      return fail(ErrorKind::io, "can't write the file", part);
    }
  }
  fs::rename(part, path, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(part, error);
    return fail(ErrorKind::io, "can't write the file: " + reason, path);
  }
  return {};
}

Result<void> remove_abandoned_parts(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return {};
  for (fs::recursive_directory_iterator each(folder, error); !error && each != fs::end(each);
       each.increment(error)) {
    if (is_abandoned_part(each->path().filename())) fs::remove(each->path(), error);
    if (error) break;
  }
  if (error) return fail(ErrorKind::io, "can't be cleaned up: " + error.message(), folder);
  return {};
}

bool holds(const fs::path& path, const Slices& body) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) != total_size(body)) return false;
  std::ifstream in(path, std::ios::binary);
  std::string buffer(std::size_t{1024} * 1024, '\0');
  for (const Slice& slice : body) {
    for (std::size_t at = 0; at < slice.size();) {
      const std::size_t step = std::min(buffer.size(), slice.size() - at);
      in.read(buffer.data(), static_cast<std::streamsize>(step));
      if (!in || slice.text().substr(at, step) != std::string_view(buffer).substr(0, step)) return false;
      at += step;
    }
  }
  return in.good() || total_size(body) == 0;
}

}  // namespace wheelbarrow::app
