#include "wheelhouse/shared_library.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "wheelhouse/archive_file.hpp"
#include "wheelhouse/archive_reader.hpp"
#include "wheelhouse/entry_path.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

packaging::Version nearest_version(std::string text) {
  constexpr std::size_t longest = 100;
  text.resize(std::min(text.size(), longest));
  for (; !text.empty(); text.pop_back()) {
    if (auto version = packaging::Version::parse(text)) {
      return *version;
    }
  }
  return {};
}

Result<void> read_files(ArchiveReader& reader, Wheel& wheel, std::vector<PlacedPath>& paths) {
  while (true) {
    const auto more = reader.next();
    if (!more || !*more) {
      return more ? Result<void>() : std::unexpected(more.error());
    }
    if (auto read = reader.read([](std::span<const std::byte>) {}); !read) {
      return read;
    }
    ++wheel.file_count;
    wheel.unpacked_size += reader.size();
    paths.push_back({reader.path(), false});
    if (reader.path().ends_with(".so")) {
      wheel.extension_modules.push_back(reader.path());
    }
  }
}

}  // namespace

void describe_library(Wheel& wheel, const LibraryDescription& description) {
  wheel.kind = WheelKind::shared_library;
  wheel.parsed.name = description.name;
  wheel.parsed.version = nearest_version(description.version);
  wheel.parsed.tags = {{"py3", "none", description.platform}};
  wheel.metadata.name = description.name;
  wheel.metadata.version = wheel.parsed.version;
}

Result<Wheel> read_shared_library(const std::filesystem::path& path, const LibraryDescription& description,
                                  const WheelLimits& limits) {
  const auto file = ArchiveFile::open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  auto reader = ArchiveReader::open(*file, limits);
  if (!reader) {
    return std::unexpected(reader.error());
  }
  Wheel wheel;
  wheel.path = path;
  wheel.filename = path.filename().string();
  wheel.size = file->size();
  wheel.modified = file->modified();
  describe_library(wheel, description);
  std::vector<PlacedPath> paths;
  if (auto read = read_files(*reader, wheel, paths); !read) {
    return std::unexpected(read.error());
  }
  if (const auto conflict = path_conflict(std::move(paths))) {
    return fail(ErrorKind::corrupt, *conflict, path.string());
  }
  if (wheel.extension_modules.empty()) {
    return fail(ErrorKind::corrupt, "holds no shared library (.so)", path.string());
  }
  std::ranges::sort(wheel.extension_modules);
  const auto hash = file->sha256();
  if (!hash) {
    return std::unexpected(hash.error());
  }
  wheel.sha256 = *hash;
  if (auto unchanged = file->check_unchanged(); !unchanged) {
    return std::unexpected(unchanged.error());
  }
  return wheel;
}

}  // namespace wheelbarrow::wheelhouse
