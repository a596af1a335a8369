#include "wheelhouse/zip_directory.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "wheelhouse/entry_path.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

// Signatures and fixed sizes of the records, APPNOTE 4.3.7 to 4.3.16.
constexpr std::uint32_t local_header_signature = 0x04034b50;
constexpr std::uint32_t descriptor_signature = 0x08074b50;
constexpr std::uint32_t directory_signature = 0x02014b50;
constexpr std::uint32_t zip64_end_signature = 0x06064b50;
constexpr std::uint32_t zip64_locator_signature = 0x07064b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::size_t local_header_size = 30;
constexpr std::size_t directory_header_size = 46;
constexpr std::size_t end_size = 22;
constexpr std::size_t zip64_locator_size = 20;
constexpr std::size_t zip64_end_size = 56;
constexpr std::size_t max_comment = 65535;
constexpr std::uint32_t saturated = 0xffffffff;  // "see the zip64 record"
constexpr std::uint16_t saturated_short = 0xffff;

// General purpose flags, APPNOTE 4.4.4.
constexpr unsigned flag_descriptor = 1U << 3;
constexpr unsigned flags_encryption = 1U << 0 | 1U << 6 | 1U << 13;
constexpr unsigned flag_patch = 1U << 5;

constexpr std::uint16_t method_stored = 0;
constexpr std::uint16_t method_deflated = 8;
constexpr std::uint16_t method_aes = 99;

// Names, extra fields and comments are bounded to 64 KiB each by their format; a real entry takes about 150
// bytes.
constexpr std::uint64_t max_directory_size = 64ULL << 20;

std::unexpected<Error> corrupt(const ArchiveFile& file, std::string message) {
  return fail(ErrorKind::corrupt, std::move(message), file.path().string());
}

std::unexpected<Error> over_limit(const ArchiveFile& file, std::string message) {
  return fail(ErrorKind::limit, std::move(message), file.path().string());
}

std::unexpected<Error> bad_entry(const ArchiveFile& file, const ZipEntry& entry, std::string_view message) {
  return corrupt(file, printable_path(entry.name) + ": " + std::string(message));
}

// Little-endian numbers one after another. REQUIRES: the bytes asked for are there.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  void skip(std::size_t count) { rest_ = rest_.subspan(count); }
  std::size_t left() const { return rest_.size(); }
  std::span<const std::byte> bytes(std::size_t count) {
    const auto taken = rest_.first(count);
    skip(count);
    return taken;
  }
  std::string text(std::size_t count) {
    const auto taken = bytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      value |= std::to_integer<std::uint64_t>(rest_[i]) << (8 * i);
    }
    skip(width);
    return value;
  }

  std::span<const std::byte> rest_;
};

std::uint32_t signature_at(std::span<const std::byte> bytes, std::size_t offset) {
  return Fields(bytes.subspan(offset)).u32();
}

// Where the directory is and how many entries it has.
struct Place {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  // the first byte after it, where the (zip64) end record begins
};

// A field of the end record and of its zip64 form say the same, or the former refers to the latter.
bool agrees(std::uint64_t narrow, std::uint64_t wide, std::uint64_t mark) {
  return narrow == mark || narrow == wide;
}

Result<Place> widen(const ArchiveFile& file, const Place& narrow, std::uint64_t locator_offset) {
  std::array<std::byte, zip64_locator_size> locator{};
  if (auto read = file.read_exactly_at(locator_offset, locator); !read) {
    return std::unexpected(read.error());
  }
  Fields located(locator);
  located.skip(4);
  const std::uint32_t disk = located.u32();
  const std::uint64_t offset = located.u64();
  if (disk != 0 || located.u32() > 1 || locator_offset < zip64_end_size ||
      offset > locator_offset - zip64_end_size) {
    return corrupt(file, "the zip64 end record is not where its locator says");
  }
  std::array<std::byte, zip64_end_size> record{};
  if (auto read = file.read_exactly_at(offset, record); !read) {
    return std::unexpected(read.error());
  }
  Fields fields(record);
  const std::uint32_t signature = fields.u32();
  const std::uint64_t length = fields.u64();
  fields.skip(4);
  if (signature != zip64_end_signature || length != locator_offset - offset - 12) {
    return corrupt(file, "the zip64 end record is not where its locator says");
  }
  Place wide{.end = offset};
  const bool one_disk = fields.u64() == 0;
  const std::uint64_t entries_here = fields.u64();
  wide.entries = fields.u64();
  wide.size = fields.u64();
  wide.offset = fields.u64();
  if (!one_disk || entries_here != wide.entries || !agrees(narrow.entries, wide.entries, saturated_short) ||
      !agrees(narrow.size, wide.size, saturated) || !agrees(narrow.offset, wide.offset, saturated)) {
    return corrupt(file, "the zip64 end record contradicts the end record");
  }
  return wide;
}

// The end record is the last thing in the file; the comment in it may be up to 64 KiB long.
Result<Place> find_directory(const ArchiveFile& file) {
  std::array<std::byte, 4> head{};
  if (file.size() < end_size || !file.read_exactly_at(0, head)) {
    return corrupt(file, "is not a zip archive (" + std::to_string(file.size()) + " bytes)");
  }
  std::vector<std::byte> tail(std::min<std::uint64_t>(file.size(), end_size + max_comment));
  const std::uint64_t tail_offset = file.size() - tail.size();
  if (auto read = file.read_exactly_at(tail_offset, tail); !read) {
    return std::unexpected(read.error());
  }
  std::size_t at = tail.size() - end_size + 1;
  do {
    --at;
  } while (at > 0 && signature_at(tail, at) != end_signature);
  const bool found = signature_at(tail, at) == end_signature;
  const std::uint32_t first = signature_at(head, 0);
  if (!found) {
    return first == local_header_signature
               ? corrupt(file, "the archive is cut short: its directory is missing at the end of the file")
               : corrupt(file, "is not a zip archive");
  }
  const std::span<const std::byte> end_record(tail.data() + at, tail.size() - at);
  Fields fields(end_record.subspan(4));
  const bool one_disk = fields.u32() == 0;
  const std::uint16_t entries_here = fields.u16();
  Place place{.entries = fields.u16(), .size = fields.u32(), .offset = fields.u32(), .end = tail_offset + at};
  const std::size_t comment = fields.u16();
  if (comment != fields.left()) {
    return fields.left() > comment ? corrupt(file, std::to_string(fields.left() - comment) +
                                                       " bytes follow the end of the archive")
                                   : corrupt(file, "the archive is cut short: its comment is incomplete");
  }
  if (!one_disk || entries_here != place.entries) {
    return corrupt(file, "is one part of an archive that spans several files");
  }
  if (at >= zip64_locator_size && signature_at(tail, at - zip64_locator_size) == zip64_locator_signature) {
    auto wide = widen(file, place, place.end - zip64_locator_size);
    if (!wide) {
      return wide;
    }
    place = *wide;
  }
  if (place.entries > 0 && first != local_header_signature) {
    return corrupt(file, "other bytes come before the first entry");
  }
  return place;
}

// Replaces the saturated sizes and offset by those of the zip64 extra field (APPNOTE 4.5.3).
bool apply_zip64(ZipEntry& entry, std::span<const std::byte> extra) {
  Fields fields(extra);
  while (fields.left() >= 4) {
    const std::uint16_t id = fields.u16();
    const std::size_t length = fields.u16();
    if (length > fields.left()) {
      return false;
    }
    Fields field(fields.bytes(length));
    if (id != 1) {
      continue;
    }
    for (std::uint64_t* value : {&entry.size, &entry.compressed_size, &entry.offset}) {
      if (*value == saturated) {
        if (field.left() < 8) {
          return false;
        }
        *value = field.u64();
      }
    }
    return true;
  }
  return true;
}

std::optional<std::string_view> kind_fault(const ZipEntry& entry) {
  if ((entry.flags & flags_encryption) != 0 || entry.method == method_aes) {
    return "is encrypted";
  }
  if (entry.method != method_stored && entry.method != method_deflated) {
    return "is compressed by a method other than deflate, which installers need not know";
  }
  if ((entry.flags & flag_patch) != 0) {
    return "is a patch, not a file";
  }
  // Whatever system made the entry: an installer that looks at the mode would obey it.
  const std::uint32_t type = entry.attributes >> 16U & S_IFMT;
  if (type == S_IFLNK) {
    return "is a symbolic link";
  }
  if (type != 0 && type != S_IFREG && type != S_IFDIR) {
    return "is a special file";
  }
  constexpr std::uint32_t dos_folder = 0x10;
  if (!entry.is_folder() && (type == S_IFDIR || (type == 0 && (entry.attributes & dos_folder) != 0))) {
    return "is a folder by its attributes but not by its name";
  }
  if (entry.is_folder() && entry.size != 0) {
    return "is a folder that has content";
  }
  if (entry.method == method_stored && entry.size != entry.compressed_size) {
    return "is stored, but with two different sizes";
  }
  return std::nullopt;
}

Result<std::vector<ZipEntry>> read_entries(const ArchiveFile& file, const Place& place) {
  std::vector<std::byte> directory(place.size);
  if (auto read = file.read_exactly_at(place.offset, directory); !read) {
    return std::unexpected(read.error());
  }
  std::vector<ZipEntry> entries;
  entries.reserve(place.entries);
  Fields fields(directory);
  for (std::uint64_t i = 0; i < place.entries; ++i) {
    if (fields.left() < directory_header_size || fields.u32() != directory_signature) {
      return corrupt(file, "its directory is damaged at entry " + std::to_string(i + 1));
    }
    ZipEntry entry;
    fields.skip(4);  // versions made by and needed
    entry.flags = fields.u16();
    entry.method = fields.u16();
    fields.skip(4);  // time
    entry.crc = fields.u32();
    entry.compressed_size = fields.u32();
    entry.size = fields.u32();
    const std::size_t name_size = fields.u16();
    const std::size_t extra_size = fields.u16();
    const std::size_t comment_size = fields.u16();
    const std::uint16_t disk = fields.u16();
    fields.skip(2);  // internal attributes
    entry.attributes = fields.u32();
    entry.offset = fields.u32();
    if (fields.left() < name_size + extra_size + comment_size || disk != 0) {
      return corrupt(file, "its directory is damaged at entry " + std::to_string(i + 1));
    }
    entry.name = fields.text(name_size);
    if (!apply_zip64(entry, fields.bytes(extra_size))) {
      return bad_entry(file, entry, "its extra field is damaged");
    }
    fields.skip(comment_size);
    if (const auto fault = kind_fault(entry)) {
      return bad_entry(file, entry, *fault);
    }
    entries.push_back(std::move(entry));
  }
  if (fields.left() != 0) {
    return corrupt(file, "its directory has more entries than its end record counts");
  }
  return entries;
}

Result<void> check_sizes(const ArchiveFile& file, const std::vector<ZipEntry>& entries,
                         const WheelLimits& limits) {
  std::uint64_t total = 0;
  for (const ZipEntry& entry : entries) {
    if (entry.size > limits.max_entry_size) {
      return over_limit(file, printable_path(entry.name) + ": unpacks to " + std::to_string(entry.size) +
                                  " bytes, more than the limit of " + std::to_string(limits.max_entry_size));
    }
    total += entry.size;
    if (total > limits.max_unpacked_size) {
      return over_limit(
          file, "unpacks to more than the limit of " + std::to_string(limits.max_unpacked_size) + " bytes");
    }
  }
  return {};
}

// The data descriptor fills the space between an entry's data and `next` (APPNOTE 4.3.9): CRC and two sizes
// of 4 or 8 bytes each, with or without a signature.
Result<void> check_descriptor(const ArchiveFile& file, const ZipEntry& entry, std::uint64_t data_end,
                              std::uint64_t next) {
  std::array<std::byte, 24> bytes{};
  const std::uint64_t length = next - data_end;
  if (length != 12 && length != 16 && length != 20 && length != 24) {
    return bad_entry(file, entry, "bytes that belong to no entry come after it");
  }
  if (auto read = file.read_exactly_at(data_end, std::span(bytes).first(length)); !read) {
    return read;
  }
  Fields fields(bytes);
  const bool marked = length % 8 == 0;  // 16 or 24
  if (marked && fields.u32() != descriptor_signature) {
    return bad_entry(file, entry, "its data descriptor is damaged");
  }
  const bool wide = length >= 20;
  const std::uint32_t crc = fields.u32();
  const std::uint64_t compressed_size = wide ? fields.u64() : fields.u32();
  const std::uint64_t size = wide ? fields.u64() : fields.u32();
  if (crc != entry.crc || compressed_size != entry.compressed_size || size != entry.size) {
    return bad_entry(file, entry, "its data descriptor contradicts the archive's directory");
  }
  return {};
}

// The local header says what the directory says, and the entry ends where `next` begins.
Result<void> check_local_header(const ArchiveFile& file, const ZipEntry& entry, std::uint64_t next) {
  constexpr std::string_view contradiction = "its local header contradicts the archive's directory";
  std::array<std::byte, local_header_size> header{};
  if (entry.offset > next || next - entry.offset < local_header_size) {
    return bad_entry(file, entry, "overlaps another entry or the archive's directory");
  }
  if (auto read = file.read_exactly_at(entry.offset, header); !read) {
    return read;
  }
  Fields fields(header);
  const bool signed_as_local = fields.u32() == local_header_signature;
  fields.skip(2);
  const std::uint16_t flags = fields.u16();
  const std::uint16_t method = fields.u16();
  fields.skip(4);
  const std::uint32_t crc = fields.u32();
  ZipEntry local;
  local.compressed_size = fields.u32();
  local.size = fields.u32();
  const std::size_t name_size = fields.u16();
  const std::size_t extra_size = fields.u16();
  constexpr unsigned telling = flags_encryption | flag_descriptor | flag_patch;
  if (!signed_as_local || method != entry.method || ((flags ^ entry.flags) & telling) != 0 ||
      name_size != entry.name.size()) {
    return bad_entry(file, entry, contradiction);
  }
  const std::uint64_t data = entry.offset + local_header_size + name_size + extra_size;
  if (data > next || entry.compressed_size > next - data) {
    return bad_entry(file, entry, "overlaps another entry or the archive's directory");
  }
  std::vector<std::byte> variable(name_size + extra_size);
  if (auto read = file.read_exactly_at(entry.offset + local_header_size, variable); !read) {
    return read;
  }
  Fields variable_fields(variable);
  if (variable_fields.text(name_size) != entry.name ||
      !apply_zip64(local, variable_fields.bytes(extra_size))) {
    return bad_entry(file, entry, contradiction);
  }
  const std::uint64_t data_end = data + entry.compressed_size;
  if ((flags & flag_descriptor) != 0) {
    return check_descriptor(file, entry, data_end, next);
  }
  if (crc != entry.crc || local.size != entry.size || local.compressed_size != entry.compressed_size) {
    return bad_entry(file, entry, contradiction);
  }
  if (data_end != next) {
    return bad_entry(file, entry, "bytes that belong to no entry come after it");
  }
  return {};
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip_directory(const ArchiveFile& file, const WheelLimits& limits) {
  const auto place = find_directory(file);
  if (!place) {
    return std::unexpected(place.error());
  }
  if (place->entries == 0) {
    return corrupt(file, "the archive is empty");
  }
  if (place->entries > limits.max_entries) {
    return over_limit(file, "has " + std::to_string(place->entries) + " entries, more than the limit of " +
                                std::to_string(limits.max_entries));
  }
  if (place->size > max_directory_size) {
    return over_limit(file, "its directory is larger than 64 MiB");
  }
  if (place->offset > place->end || place->end - place->offset != place->size) {
    return corrupt(file, "its directory is not where its end record says");
  }
  if (place->size < place->entries * directory_header_size) {
    return corrupt(file, "its directory is too small for its " + std::to_string(place->entries) + " entries");
  }
  auto entries = read_entries(file, *place);
  if (!entries) {
    return entries;
  }
  if (auto checked = check_sizes(file, *entries, limits); !checked) {
    return std::unexpected(checked.error());
  }
  std::ranges::sort(*entries, {}, &ZipEntry::offset);
  if (entries->front().offset != 0) {
    return corrupt(file, std::to_string(entries->front().offset) + " bytes come before the first entry");
  }
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const std::uint64_t next = i + 1 < entries->size() ? (*entries)[i + 1].offset : place->offset;
    if (auto checked = check_local_header(file, (*entries)[i], next); !checked) {
      return std::unexpected(checked.error());
    }
  }
  return entries;
}

}  // namespace wheelbarrow::wheelhouse
