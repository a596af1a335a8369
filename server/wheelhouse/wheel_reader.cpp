#include "wheelhouse/wheel_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "wheelhouse/archive_file.hpp"
#include "wheelhouse/archive_reader.hpp"
#include "wheelhouse/entry_path.hpp"
#include "wheelhouse/import_names.hpp"
#include "wheelhouse/record.hpp"
#include "wheelhouse/wheel_identity.hpp"
#include "wheelhouse/zip_directory.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

constexpr std::string_view dist_info_suffix = ".dist-info";
constexpr std::uint64_t record_factor = 16;  // see WheelLimits::max_metadata_size

std::string count_of(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// The three files that say what the wheel is.
struct SelfDescription {
  std::string metadata;
  std::string wheel;
  std::string record;
};

// Reads one wheel; a fault's `where` is the wheel's path.
class WheelReading {
 public:
  WheelReading(const ArchiveFile& file, const WheelLimits& limits) : file_(file), limits_(limits) {}

  Result<Wheel> run();

 private:
  std::unexpected<Error> corrupt(std::string message) const {
    return fail(ErrorKind::corrupt, std::move(message), file_.path().string());
  }
  std::unexpected<Error> located(Error error) const {
    error.where = file_.path().string();
    return std::unexpected(std::move(error));
  }

  Result<void> check_tree(const std::vector<ZipEntry>& entries);
  Result<void> find_dist_info(const std::vector<PlacedPath>& placed);
  Result<SelfDescription> read_self_description();
  Result<std::string> read_small_file(ArchiveReader& reader, std::uint64_t limit) const;
  Result<void> check_files(const Record& record);
  Result<void> check_file(ArchiveReader& reader, const RecordRow* row) const;
  bool needs_no_hash(std::string_view path) const;

  const ArchiveFile& file_;
  const WheelLimits& limits_;
  Wheel wheel_;
  std::string dist_info_;  // the folder's name
};

// No path twice, neither in the archive nor after installed_path(), and one dist-info folder.
Result<void> WheelReading::check_tree(const std::vector<ZipEntry>& entries) {
  std::vector<PlacedPath> archived;
  std::vector<PlacedPath> placed;
  archived.reserve(entries.size());
  placed.reserve(entries.size());
  for (const ZipEntry& entry : entries) {
    if (const auto reason = unsafe_path_reason(entry.name)) {
      return corrupt(printable_path(entry.name) + ": " + *reason);
    }
    const bool folder = entry.is_folder();
    std::string path = entry.name.substr(0, entry.name.size() - (folder ? 1 : 0));
    placed.push_back({installed_path(path), folder});
    archived.push_back({std::move(path), folder});
  }
  if (const auto conflict = path_conflict(std::move(archived))) {
    return corrupt(*conflict);
  }
  if (const auto conflict = path_conflict(placed)) {
    return corrupt(*conflict + " once installed");
  }
  return find_dist_info(placed);
}

// Looks at installed paths: a second dist-info folder under "<name>.data/purelib" would install a second
// project.
Result<void> WheelReading::find_dist_info(const std::vector<PlacedPath>& placed) {
  std::set<std::string_view> folders;
  for (const PlacedPath& each : placed) {
    const std::string_view first = std::string_view(each.path).substr(0, each.path.find('/'));
    if (first.ends_with(dist_info_suffix) && (each.folder || first.size() < each.path.size())) {
      folders.insert(first);
    }
  }
  if (folders.empty()) {
    return corrupt("has no .dist-info folder");
  }
  if (folders.size() > 1) {
    return corrupt("has more than one .dist-info folder: " + printable_path(*folders.begin()) + " and " +
                   printable_path(*folders.rbegin()));
  }
  dist_info_ = *folders.begin();
  if (auto matched = check_dist_info_folder(dist_info_, wheel_.parsed); !matched) {
    return located(matched.error());
  }
  return {};
}

Result<std::string> WheelReading::read_small_file(ArchiveReader& reader, std::uint64_t limit) const {
  if (reader.size() > limit) {
    return reader.entry_error(ErrorKind::limit,
                              "is larger than the limit of " + std::to_string(limit) + " bytes");
  }
  return reader.read_all();
}

Result<SelfDescription> WheelReading::read_self_description() {
  auto reader = ArchiveReader::open(file_, limits_);
  if (!reader) {
    return std::unexpected(reader.error());
  }
  struct Wanted {
    std::string path;
    std::uint64_t limit;
    std::optional<std::string> text;
  };
  std::array<Wanted, 3> wanted{{
      {dist_info_ + "/METADATA", limits_.max_metadata_size, {}},
      {dist_info_ + "/WHEEL", limits_.max_metadata_size, {}},
      {dist_info_ + "/RECORD", limits_.max_metadata_size * record_factor, {}},
  }};
  while (true) {
    const auto more = reader->next();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    const auto found = std::ranges::find(wanted, reader->path(), &Wanted::path);
    if (found != wanted.end()) {
      auto text = read_small_file(*reader, found->limit);
      if (!text) {
        return std::unexpected(text.error());
      }
      found->text = std::move(*text);
    }
  }
  for (const Wanted& each : wanted) {
    if (!each.text) {
      return corrupt("has no " + printable_path(each.path));
    }
  }
  return SelfDescription{std::move(*wanted[0].text), std::move(*wanted[1].text), std::move(*wanted[2].text)};
}

// RECORD can't hold its own hash, nor that of its signatures (PEP 427).
bool WheelReading::needs_no_hash(std::string_view path) const {
  return path == dist_info_ + "/RECORD" || path == dist_info_ + "/RECORD.jws" ||
         path == dist_info_ + "/RECORD.p7s";
}

// Reads the current entry and holds it against its row; null if RECORD doesn't list it.
Result<void> WheelReading::check_file(ArchiveReader& reader, const RecordRow* row) const {
  if (row == nullptr || row->digest.empty()) {
    if (auto read = reader.read([](std::span<const std::byte>) {}); !read) {
      return read;
    }
  } else {
    RecordHasher hasher(row->algorithm);
    if (auto read = reader.read([&](std::span<const std::byte> piece) { hasher.update(piece); }); !read) {
      return read;
    }
    if (hasher.finish() != row->digest) {
      return reader.entry_error(ErrorKind::corrupt, "its hash is not the one in RECORD");
    }
  }
  if (row != nullptr && row->size && *row->size != reader.size()) {
    return reader.entry_error(
        ErrorKind::corrupt,
        "has " + std::to_string(reader.size()) + " bytes, but RECORD says " + std::to_string(*row->size));
  }
  return {};
}

Result<void> WheelReading::check_files(const Record& record) {
  auto reader = ArchiveReader::open(file_, limits_);
  if (!reader) {
    return std::unexpected(reader.error());
  }
  ImportNames imports;
  std::uint64_t listed = 0;
  std::uint64_t unlisted = 0;
  std::uint64_t unhashed = 0;
  while (true) {
    const auto more = reader->next();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    const auto row = record.find(reader->path());
    const bool in_record = row != record.end();
    if (auto checked = check_file(*reader, in_record ? &row->second : nullptr); !checked) {
      return checked;
    }
    const bool exempt = needs_no_hash(reader->path());
    listed += in_record ? 1 : 0;
    unlisted += !in_record && !exempt ? 1 : 0;
    unhashed += in_record && row->second.digest.empty() && !exempt ? 1 : 0;
    ++wheel_.file_count;
    wheel_.unpacked_size += reader->size();
    std::string path = installed_path(reader->path());
    imports.add(path);
    if (path.ends_with(".so")) {
      wheel_.extension_modules.push_back(std::move(path));
    }
  }
  std::ranges::sort(wheel_.extension_modules);
  wheel_.imports.assign(imports.names().begin(), imports.names().end());
  if (const std::uint64_t missing = record.size() - listed; missing > 0) {
    wheel_.warnings.push_back("RECORD lists " + count_of(missing, "file that is not in the archive",
                                                         "files that are not in the archive"));
  }
  if (unlisted > 0) {
    wheel_.warnings.push_back(count_of(unlisted, "file of the archive is not listed in RECORD",
                                       "files of the archive are not listed in RECORD"));
  }
  if (unhashed > 0) {
    wheel_.warnings.push_back("RECORD has no hash for " + count_of(unhashed, "file", "files"));
  }
  return {};
}

Result<Wheel> WheelReading::run() {
  wheel_.path = file_.path();
  wheel_.filename = file_.path().filename().string();
  wheel_.size = file_.size();
  wheel_.modified = file_.modified();
  auto parsed = packaging::parse_wheel_filename(wheel_.filename);
  if (!parsed) {
    return corrupt("its file name is not that of a wheel: " + parsed.error().message);
  }
  wheel_.parsed = std::move(*parsed);
  const auto entries = read_zip_directory(file_, limits_);
  if (!entries) {
    return std::unexpected(entries.error());
  }
  if (auto checked = check_tree(*entries); !checked) {
    return std::unexpected(checked.error());
  }
  auto texts = read_self_description();
  if (!texts) {
    return std::unexpected(texts.error());
  }
  auto metadata = check_metadata(texts->metadata, wheel_.parsed, wheel_.warnings);
  if (!metadata) {
    return located(metadata.error());
  }
  wheel_.metadata = std::move(*metadata);
  wheel_.metadata_text = std::move(texts->metadata);
  if (auto checked = check_wheel_file(texts->wheel, wheel_.parsed, wheel_.warnings); !checked) {
    return located(checked.error());
  }
  const auto record = parse_record(texts->record, limits_.max_entries);
  if (!record) {
    return located(record.error());
  }
  if (auto checked = check_files(*record); !checked) {
    return std::unexpected(checked.error());
  }
  const auto hash = file_.sha256();
  if (!hash) {
    return std::unexpected(hash.error());
  }
  wheel_.sha256 = *hash;
  return std::move(wheel_);
}

}  // namespace

Result<Wheel> read_wheel(const std::filesystem::path& path, const WheelLimits& limits) {
  const auto file = ArchiveFile::open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  auto wheel = WheelReading(*file, limits).run();
  // A file that changed meanwhile is neither good nor bad, whatever was found in it.
  if (auto unchanged = file->check_unchanged(); !unchanged) {
    return std::unexpected(unchanged.error());
  }
  return wheel;
}

Result<void> for_each_file(const Slice& archive, const std::string& name, const WheelLimits& limits,
                           const WheelFileSink& sink) {
  const auto file = ArchiveFile::of(archive, name);
  auto reader = ArchiveReader::open(file, limits);
  if (!reader) {
    return std::unexpected(reader.error());
  }
  while (true) {
    const auto more = reader->next();
    if (!more || !*more) {
      return more ? Result<void>() : std::unexpected(more.error());
    }
    const auto content = reader->read_all();
    if (!content) {
      return std::unexpected(content.error());
    }
    if (auto taken = sink({reader->path(), std::as_bytes(std::span(*content))}); !taken) {
      return taken;
    }
  }
}

}  // namespace wheelbarrow::wheelhouse
