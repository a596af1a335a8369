// Headers of POSIX tar archives (POSIX.1-2017 pax, "ustar Interchange Format"), deterministic: the same path
// and size give the same bytes everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wheelbarrow::bundle {

inline constexpr std::uint64_t tar_block = 512;      // bytes
inline constexpr std::uint64_t tar_end_size = 1024;  // two blocks of zeros end an archive
// 1980-01-01 00:00 UTC, the earliest time that a zip file can hold, so that whatever is repacked from here
// fits.
inline constexpr std::uint64_t tar_mtime = 315'532'800;

constexpr std::uint64_t round_up_to_block(std::uint64_t size) {
  return (size + tar_block - 1) / tar_block * tar_block;
}

// The header blocks of one regular file; its content follows, padded to a whole block. A path or size that
// ustar can't hold gets a pax extended header in front. `mode` is 0644 or 0755.
std::string tar_header(std::string_view path, std::uint64_t size, unsigned mode);

struct TarFile {
  std::string path;
  std::string_view content;
};

// Takes the first file off an archive whose headers tar_header() made; nothing at its end or if it is cut
// short.
std::optional<TarFile> take_tar_file(std::string_view& archive);

}  // namespace wheelbarrow::bundle
