// The directory of a zip file (PKWARE APPNOTE 6.3), checked more strictly than libarchive does. libarchive,
// like most readers, tolerates bytes before, between and after entries, entries that overlap, and local
// headers that contradict the directory; each of them lets two readers see two different archives in one
// file. Here a zip file is exactly its entries, back to back, then its directory, then its end record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "wheelhouse/archive_file.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::wheelhouse {

struct ZipEntry {
  std::string name;          // as stored: unchecked bytes
  std::uint64_t offset = 0;  // of the local header
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t attributes = 0;  // external; the upper half is a Unix mode

  bool is_folder() const { return name.ends_with('/'); }
};

// All entries, in the order in which they lie in the file (libarchive's order). What is encrypted, linked,
// special, compressed by other means than deflate, over a limit, or inconsistent is an error.
Result<std::vector<ZipEntry>> read_zip_directory(const ArchiveFile& file, const WheelLimits& limits);

}  // namespace wheelbarrow::wheelhouse
