#include "bundle/tar.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>

namespace wheelbarrow::bundle {
namespace {

// POSIX.1-2017 pax, table "ustar Header Block".
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link_name[100];
  char magic[6];
  char version[2];
  char user_name[32];
  char group_name[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(Header) == tar_block);

constexpr std::uint64_t largest_ustar_size = (1ULL << 33) - 1;  // eleven octal digits

// Octal digits with leading zeros and a NUL at the end.
template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t value) {
  for (std::size_t i = N - 1; i-- > 0;) {
    field[i] = static_cast<char>('0' + (value & 7));
    value >>= 3;
  }
}

template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
  text.copy(field, N);
}

std::string header_block(std::string_view prefix, std::string_view name, std::uint64_t size, unsigned mode,
                         char type) {
  Header header{};
  put_text(header.name, name);
  put_octal(header.mode, mode);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, size);
  put_octal(header.mtime, tar_mtime);
  header.type = type;
  put_text(header.magic, std::string_view("ustar\0", 6));
  put_text(header.version, "00");
  put_octal(header.device_major, 0);
  put_octal(header.device_minor, 0);
  put_text(header.prefix, prefix);
  // The checksum is the sum of all bytes with its own field read as spaces: six digits, NUL, space.
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::string block(reinterpret_cast<const char*>(&header), sizeof header);
  const auto sum =
      std::accumulate(block.begin(), block.end(), std::uint64_t{0},
                      [](std::uint64_t total, char c) { return total + static_cast<unsigned char>(c); });
  char checksum[7] = {};
  put_octal(checksum, sum);
  block.replace(offsetof(Header, checksum), sizeof checksum, checksum, sizeof checksum);
  return block;
}

// "<length> <key>=<value>\n" where length counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::string rest = " " + std::string(key) + "=" + std::string(value) + "\n";
  std::size_t length = rest.size();
  while (length != rest.size() + std::to_string(length).size()) {
    length = rest.size() + std::to_string(length).size();
  }
  return std::to_string(length) + rest;
}

// The value of the first record, if that is a path.
std::string pax_path(std::string_view records) {
  constexpr std::string_view key = " path=";
  const std::size_t start = records.find(' ');
  if (start == std::string_view::npos || !records.substr(start).starts_with(key)) return {};
  records.remove_prefix(start + key.size());
  return std::string(records.substr(0, records.find('\n')));
}

template <std::size_t N>
std::string_view text_in(const char (&field)[N]) {
  const std::string_view text(field, N);
  return text.substr(0, text.find('\0'));
}

std::string path_in(const Header& header) {
  std::string path(text_in(header.prefix));
  if (!path.empty()) path += '/';
  return path += text_in(header.name);
}

template <std::size_t N>
std::optional<std::uint64_t> octal_in(const char (&field)[N]) {
  std::uint64_t value = 0;
  for (const char digit : std::string_view(field, N - 1)) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

}  // namespace

std::string tar_header(std::string_view path, std::uint64_t size, unsigned mode) {
  std::string_view prefix;
  std::string_view name = path;
  if (path.size() > sizeof Header::name) {
    // A long path is split at a slash: at most 155 bytes before it and 100 after.
    const std::size_t slash = path.find('/', path.size() - sizeof Header::name - 1);
    if (slash > 0 && slash <= sizeof Header::prefix && slash + 1 < path.size()) {
      prefix = path.substr(0, slash);
      name = path.substr(slash + 1);
    }
  }
  // ustar's own encoding is ASCII; pax records are UTF-8.
  const bool plain_path = name.size() <= sizeof Header::name &&
                          std::all_of(path.begin(), path.end(), [](char c) { return (c & 0x80) == 0; });
  std::string records;
  if (!plain_path) {
    records += pax_record("path", path);
    prefix = {};
    name = path.substr(0, sizeof Header::name);
  }
  if (size > largest_ustar_size) records += pax_record("size", std::to_string(size));
  std::string out;
  if (!records.empty()) {
    out = header_block({}, "PaxHeaders/entry", records.size(), 0644, 'x');
    records.resize(round_up_to_block(records.size()));
    out += records;
  }
  return out + header_block(prefix, name, std::min(size, largest_ustar_size), mode, '0');
}

std::optional<TarFile> take_tar_file(std::string_view& archive) {
  std::string long_path;
  while (archive.size() >= tar_block) {
    Header header;
    std::memcpy(&header, archive.data(), sizeof header);
    const auto size = octal_in(header.size);
    archive.remove_prefix(tar_block);
    if (!size || *size > archive.size()) return std::nullopt;
    const std::string_view content = archive.substr(0, *size);
    archive.remove_prefix(std::min<std::uint64_t>(round_up_to_block(*size), archive.size()));
    if (header.type == '0') return TarFile{long_path.empty() ? path_in(header) : long_path, content};
    long_path = pax_path(content);
  }
  return std::nullopt;
}

}  // namespace wheelbarrow::bundle
