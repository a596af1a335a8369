#include "wheelhouse/archive_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "wheelhouse/entry_path.hpp"
#include "wheelhouse/zip_directory.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

constexpr std::size_t block_size = 65536;

struct CloseArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};

// What libarchive reads from: an ArchiveFile and a position in it.
struct Source {
  const ArchiveFile& file;
  std::uint64_t offset = 0;
  std::vector<std::byte> block = std::vector<std::byte>(block_size);
};

la_ssize_t read_block(archive* handle, void* data, const void** block) {
  auto& source = *static_cast<Source*>(data);
  const auto count = source.file.read_at(source.offset, source.block);
  if (!count) {
    archive_set_error(handle, EIO, "%s", count.error().message.c_str());
    return ARCHIVE_FATAL;
  }
  source.offset += *count;
  *block = source.block.data();
  return static_cast<la_ssize_t>(*count);
}

la_int64_t skip_bytes(archive* /*handle*/, void* data, la_int64_t count) {
  auto& source = *static_cast<Source*>(data);
  const std::uint64_t left = source.file.size() - std::min(source.offset, source.file.size());
  const std::uint64_t skipped = std::min(left, static_cast<std::uint64_t>(std::max<la_int64_t>(count, 0)));
  source.offset += skipped;
  return static_cast<la_int64_t>(skipped);
}

la_int64_t seek_to(archive* /*handle*/, void* data, la_int64_t offset, int whence) {
  auto& source = *static_cast<Source*>(data);
  const auto size = static_cast<la_int64_t>(source.file.size());
  const la_int64_t base = whence == SEEK_SET   ? 0
                          : whence == SEEK_CUR ? static_cast<la_int64_t>(source.offset)
                                               : size;
  const la_int64_t target = std::clamp<la_int64_t>(base + offset, 0, size);
  source.offset = static_cast<std::uint64_t>(target);
  return target;
}

// Zip files begin with a local header, or with the end record if they are empty; everything that claims to be
// a wheel is treated as one, so that a damaged one is called that.
bool looks_like_zip(const ArchiveFile& file) {
  std::array<std::byte, 2> head{};
  return file.read_exactly_at(0, head) && head[0] == std::byte{'P'} && head[1] == std::byte{'K'};
}

// "./lib/x.so", as "tar -C dir ." writes it, is "lib/x.so".
std::string_view without_dot_prefix(std::string_view path) {
  while (path.starts_with("./")) {
    path.remove_prefix(2);
  }
  return path;
}

}  // namespace

struct ArchiveReader::State {
  State(const ArchiveFile& archive_file, const WheelLimits& with_limits)
      : source{archive_file}, limits(with_limits) {}

  Source source;
  WheelLimits limits;
  std::unique_ptr<archive, CloseArchive> handle{archive_read_new()};
  std::optional<std::vector<ZipEntry>> directory;  // of a zip file, in libarchive's order
  std::size_t position = 0;                        // entries seen
  std::uint64_t promised = 0;                      // bytes of all entries seen
  std::string path;
  std::uint64_t size = 0;

  std::unexpected<Error> broken(ErrorKind kind, std::string message) const {
    return fail(kind, std::move(message), source.file.path().string());
  }
  std::unexpected<Error> undecodable() const {
    const char* text = archive_error_string(handle.get());
    std::string message = text == nullptr ? "can't be decoded" : text;
    message.erase(message.find_last_not_of('\n') + 1);
    if (!path.empty()) {
      message = printable_path(path) + ": " + message;
    }
    return broken(ErrorKind::corrupt, std::move(message));
  }

  Result<void> start();
  Result<bool> take_zip_entry(archive_entry* entry);
  Result<bool> take_tar_entry(archive_entry* entry);
};

Result<void> ArchiveReader::State::start() {
  archive* const raw = handle.get();
  if (raw == nullptr) {
    return broken(ErrorKind::internal, "libarchive has no memory");
  }
  if (directory) {
    archive_read_support_format_zip_seekable(raw);
  } else {
    archive_read_support_filter_gzip(raw);
    archive_read_support_filter_bzip2(raw);
    archive_read_support_filter_xz(raw);
    archive_read_support_format_tar(raw);
  }
  archive_read_set_callback_data(raw, &source);
  archive_read_set_read_callback(raw, read_block);
  archive_read_set_skip_callback(raw, skip_bytes);
  archive_read_set_seek_callback(raw, seek_to);
  if (archive_read_open1(raw) != ARCHIVE_OK) {
    return broken(ErrorKind::corrupt,
                  directory ? "is not a zip archive" : "is neither a zip nor a tar archive");
  }
  return {};
}

// The directory was checked against the local headers, so it is what counts; libarchive's view, which an
// extra field can change, only has to agree.
Result<bool> ArchiveReader::State::take_zip_entry(archive_entry* entry) {
  if (position >= directory->size()) {
    return broken(ErrorKind::corrupt, "has entries that its directory does not list");
  }
  const ZipEntry& listed = (*directory)[position++];
  path = listed.name;
  size = listed.size;
  if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) != static_cast<la_int64_t>(size)) {
    return broken(ErrorKind::corrupt, printable_path(path) + ": its headers contradict each other");
  }
  return !listed.is_folder();
}

Result<bool> ArchiveReader::State::take_tar_entry(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) {
    return broken(ErrorKind::corrupt, "entry " + std::to_string(position + 1) + " has no readable path");
  }
  path = without_dot_prefix(name);
  if (++position > limits.max_entries) {
    return broken(ErrorKind::limit,
                  "has more entries than the limit of " + std::to_string(limits.max_entries));
  }
  const auto type = archive_entry_filetype(entry);
  if (type == AE_IFDIR && (path.empty() || path == ".")) {
    return false;
  }
  if (const auto reason = unsafe_path_reason(path)) {
    return broken(ErrorKind::corrupt, printable_path(path) + ": " + *reason);
  }
  if (archive_entry_hardlink(entry) != nullptr || (type != AE_IFREG && type != AE_IFDIR)) {
    return broken(ErrorKind::corrupt, printable_path(path) + ": is a link or a special file");
  }
  size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  if (size > limits.max_entry_size || limits.max_unpacked_size - promised < size) {
    return broken(ErrorKind::limit, printable_path(path) + ": unpacks to more than the limit");
  }
  promised += size;
  return type == AE_IFREG;
}

ArchiveReader::ArchiveReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader& ArchiveReader::operator=(ArchiveReader&&) noexcept = default;

Result<ArchiveReader> ArchiveReader::open(const ArchiveFile& file, const WheelLimits& limits) {
  auto state = std::make_unique<State>(file, limits);
  if (looks_like_zip(file) || file.path().extension() == ".whl") {
    auto directory = read_zip_directory(file, limits);
    if (!directory) {
      return std::unexpected(directory.error());
    }
    for (const ZipEntry& entry : *directory) {
      if (const auto reason = unsafe_path_reason(entry.name)) {
        return state->broken(ErrorKind::corrupt, printable_path(entry.name) + ": " + *reason);
      }
    }
    state->directory = std::move(*directory);
  }
  if (auto started = state->start(); !started) {
    return std::unexpected(started.error());
  }
  return ArchiveReader(std::move(state));
}

Result<bool> ArchiveReader::next() {
  State& state = *state_;
  while (true) {
    state.path.clear();
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(state.handle.get(), &entry);
    if (status == ARCHIVE_EOF) {
      if (state.directory && state.position != state.directory->size()) {
        return state.broken(ErrorKind::corrupt, "ends before its last entry");
      }
      return false;
    }
    // ARCHIVE_WARN: a name that the process's locale can't express. The directory's name is used.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      return state.undecodable();
    }
    const auto taken = state.directory ? state.take_zip_entry(entry) : state.take_tar_entry(entry);
    if (!taken || *taken) {
      return taken;
    }
  }
}

const std::string& ArchiveReader::path() const {
  return state_->path;
}

std::uint64_t ArchiveReader::size() const {
  return state_->size;
}

Result<void> ArchiveReader::read(const std::function<void(std::span<const std::byte>)>& sink) {
  std::vector<std::byte> buffer(block_size);
  std::uint64_t total = 0;
  while (true) {
    const la_ssize_t count = archive_read_data(state_->handle.get(), buffer.data(), buffer.size());
    // A header that promises less than the data holds makes libarchive warn at the end; by then a bomb has
    // gone off, so bytes are counted as they come.
    total += count > 0 ? static_cast<std::uint64_t>(count) : 0;
    if (total > state_->size) {
      return entry_error(ErrorKind::corrupt, "unpacks to more bytes than its header says");
    }
    if (count < 0) {
      return state_->undecodable();
    }
    if (count == 0) {
      break;
    }
    sink(std::span(buffer).first(static_cast<std::size_t>(count)));
  }
  if (total != state_->size) {
    return entry_error(ErrorKind::corrupt, "unpacks to fewer bytes than its header says");
  }
  return {};
}

Result<std::string> ArchiveReader::read_all() {
  std::string content;
  // The promise is not worth more than this much memory in advance.
  content.reserve(std::min<std::uint64_t>(size(), 1U << 20));
  auto done = read([&](std::span<const std::byte> piece) {
    content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  if (!done) {
    return std::unexpected(done.error());
  }
  return content;
}

std::unexpected<Error> ArchiveReader::entry_error(ErrorKind kind, std::string_view message) const {
  return state_->broken(kind, printable_path(path()) + ": " + std::string(message));
}

}  // namespace wheelbarrow::wheelhouse
