#include "wheelhouse/wheel_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <span>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/file_descriptor.hpp"
#include "packaging/name.hpp"
#include "packaging/version.hpp"
#include "packaging/wheel_filename.hpp"
#include "wheelhouse/folder_scan.hpp"
#include "wheelhouse/yanked_mark.hpp"

namespace wheelbarrow::wheelhouse {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view wheel_suffix = ".whl";

// A folder beside the wheels, on the same file system, that scans pass over; removed with its object.
class Workplace {
 public:
  static Result<Workplace> make(const fs::path& folder) {
    remove_abandoned(folder);
    std::string name = folder / (std::string(prefix) + "XXXXXX");
    if (::mkdtemp(name.data()) == nullptr) return fail_errno("write into the folder", folder);
    return Workplace(name);
  }
  explicit Workplace(fs::path path) : path_(std::move(path)) {}
  Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, fs::path())) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  static constexpr std::string_view prefix = ".wheelbarrow-";

  // What processes left behind that were killed. Nobody's work takes a day.
  static void remove_abandoned(const fs::path& folder) {
    const auto yesterday = fs::file_time_type::clock::now() - std::chrono::days(1);
    std::error_code error;
    std::vector<fs::path> abandoned;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      std::error_code ignored;
      if (entry->path().filename().native().starts_with(prefix) &&
          entry->symlink_status(ignored).type() == fs::file_type::directory &&
          entry->last_write_time(ignored) < yesterday && !ignored) {
        abandoned.push_back(entry->path());
      }
    }
    for (const fs::path& path : abandoned) {
      fs::remove_all(path, error);
    }
  }

  fs::path path_;
};

Result<void> write_all(const FileDescriptor& file, std::span<const char> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write the file", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<FileDescriptor> create(const fs::path& path) {
  // Readable for a server that is another user, as the umask allows.
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return fail_errno("make the file", path);
  return file;
}

Result<void> copy_synced(const fs::path& from, const fs::path& to) {
  const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!in) return fail_errno("open the file", from);
  struct stat status{};
  if (::fstat(in.get(), &status) != 0) return fail_errno("read the file", from);
  if (!S_ISREG(status.st_mode)) return fail(ErrorKind::invalid_input, "is not a regular file", from);
  const auto out = create(to);
  if (!out) return std::unexpected(out.error());
  std::vector<char> buffer(std::size_t{1024} * 1024);
  while (true) {
    const ssize_t size = ::read(in.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno("read the file", from);
    if (size == 0) break;
    if (auto written = write_all(*out, std::span(buffer).first(static_cast<std::size_t>(size)), to); !written)
      return written;
  }
  if (::fsync(out->get()) != 0) return fail_errno("write the file", to);
  return {};
}

// So that the new name survives a loss of power, too. Not every file system can.
void sync_folder(const fs::path& folder) {
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) std::ignore = ::fsync(opened.get());
}

// The files of the folder that have that name.
std::vector<fs::path> files_named(const fs::path& folder, const fs::path& name) {
  std::vector<fs::path> named;
  for (FoundFile& file : scan_folders(std::array{folder}).files) {
    if (file.path.filename() == name) named.push_back(std::move(file.path));
  }
  return named;
}

// Where the folder has that very wheel already, `own` aside. ErrorKind::conflict where it has another one of
// its file name.
Result<std::optional<fs::path>> find_same(const fs::path& folder, const fs::path& wheel, const Sha256& sha256,
                                          const WheelLimits& limits, const fs::path& own) {
  std::optional<fs::path> same;
  for (fs::path& there : files_named(folder, wheel.filename())) {
    if (there == own) continue;
    if (const auto other = read_wheel(there, limits); !other || other->sha256 != sha256) {
      return fail(ErrorKind::conflict,
                  "another wheel of this file name is there: " + there.string() +
                      "; give the new one a new version or build number, or remove the old one first",
                  wheel);
    }
    same = std::move(there);
  }
  return same;
}

}  // namespace

Result<WheelFolder> WheelFolder::open(fs::path folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return WheelFolder(std::move(folder));
  return fail(ErrorKind::invalid_input, "there is no such folder", folder);
}

Result<WheelFolder::Added> WheelFolder::add(const fs::path& wheel, const WheelLimits& limits) const {
  return add(wheel, limits, [&wheel](const fs::path& to) { return copy_synced(wheel, to); });
}

Result<WheelFolder::Added> WheelFolder::add(const std::string& name, std::string_view bytes,
                                            const WheelLimits& limits) const {
  // Its grammar has neither folders nor hidden files.
  if (const auto parsed = packaging::parse_wheel_filename(name); !parsed)
    return std::unexpected(parsed.error());
  return add(fs::path(name), limits, [bytes](const fs::path& to) -> Result<void> {
    const auto out = create(to);
    if (!out) return std::unexpected(out.error());
    if (auto written = write_all(*out, bytes, to); !written) return written;
    return ::fsync(out->get()) == 0 ? Result<void>() : fail_errno("write the file", to);
  });
}

Result<WheelFolder::Added> WheelFolder::add(const fs::path& wheel, const WheelLimits& limits,
                                            const std::function<Result<void>(const fs::path&)>& copy) const {
  const fs::path name = wheel.filename();
  const auto named_by = [&](Error error) {  // the file that was given, not its copy
    error.where = wheel.string();
    return std::unexpected(std::move(error));
  };
  auto workplace = Workplace::make(folder_);
  if (!workplace) return std::unexpected(workplace.error());
  const fs::path copied = workplace->path() / name;
  if (auto done = copy(copied); !done) return std::unexpected(done.error());
  const auto read = read_wheel(copied, limits);
  if (!read) return named_by(read.error());

  const fs::path place = folder_ / name;
  auto there = find_same(folder_, wheel, read->sha256, limits, {});
  if (!there) return std::unexpected(there.error());
  if (*there) return Added{.path = **there, .is_new = false};
  bool placed = ::link(copied.c_str(), place.c_str()) == 0;
  if (!placed && errno != EEXIST) {
    // A file system without links. What another adds in this moment under that name is replaced.
    if (::rename(copied.c_str(), place.c_str()) != 0)
      return fail_errno("put the wheel into the folder", place);
    placed = true;
  }
  // What others have put there meanwhile.
  there = find_same(folder_, wheel, read->sha256, limits, placed ? place : fs::path());
  if (!there) {
    std::error_code ignored;
    if (placed) fs::remove(place, ignored);
    return std::unexpected(there.error());
  }
  if (!placed && !*there)
    return fail(ErrorKind::busy, "another wheel of this file name came and went", wheel);
  sync_folder(folder_);
  return placed ? Added{.path = place} : Added{.path = **there, .is_new = false};
}

Result<std::vector<fs::path>> WheelFolder::find(std::string_view selector) const {
  std::vector<fs::path> found;
  if (selector.ends_with(wheel_suffix)) {
    found = files_named(folder_, selector);
  } else {
    const std::size_t equals = selector.find("==");
    const auto version = equals == std::string_view::npos
                             ? fail(ErrorKind::invalid_input,
                                    "is neither a wheel's file name nor name==version", std::string(selector))
                             : packaging::Version::parse(selector.substr(equals + 2));
    if (!version) {
      return fail(ErrorKind::invalid_input, version.error().message, std::string(selector));
    }
    const std::string name = packaging::canonicalize_name(selector.substr(0, equals));
    for (FoundFile& file : scan_folders(std::array{folder_}).files) {
      const auto parsed = packaging::parse_wheel_filename(file.path.filename().native());
      if (parsed && parsed->name == name && parsed->version == *version)
        found.push_back(std::move(file.path));
    }
  }
  if (found.empty())
    return fail(ErrorKind::not_found, "there is no such wheel in " + folder_.string(), std::string(selector));
  return found;
}

Result<void> WheelFolder::remove(const fs::path& wheel) const {
  if (::unlink(wheel.c_str()) != 0) return fail_errno("remove the wheel", wheel);
  return take_yank_back(wheel);
}

Result<void> WheelFolder::yank(const fs::path& wheel, std::string_view reason) const {
  const fs::path mark = yanked_mark_of(wheel);
  auto workplace = Workplace::make(mark.parent_path());
  if (!workplace) return std::unexpected(workplace.error());
  const fs::path written = workplace->path() / "mark";
  {
    const auto file = create(written);
    if (!file) return std::unexpected(file.error());
    const std::string line = std::string(reason) + (reason.empty() ? "" : "\n");
    if (auto done = write_all(*file, line, written); !done) return done;
    if (::fsync(file->get()) != 0) return fail_errno("write the file", mark);
  }
  if (::rename(written.c_str(), mark.c_str()) != 0) return fail_errno("yank the wheel", mark);
  sync_folder(mark.parent_path());
  return {};
}

Result<void> WheelFolder::take_yank_back(const fs::path& wheel) const {
  const fs::path mark = yanked_mark_of(wheel);
  if (::unlink(mark.c_str()) != 0 && errno != ENOENT) return fail_errno("take the yank back", mark);
  sync_folder(mark.parent_path());
  return {};
}

}  // namespace wheelbarrow::wheelhouse
