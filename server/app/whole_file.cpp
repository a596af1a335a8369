#include "app/whole_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace wheelbarrow::app {
namespace fs = std::filesystem;

Result<void> write_whole_file(const fs::path& path, const Slices& body) {
  const fs::path part = path.native() + ".part-" + std::to_string(::getpid());
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
