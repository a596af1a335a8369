// Writes zip files byte by byte, so that each of their fields can be wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wheelbarrow::test {

struct ZipFile {
  std::string name;
  std::string content;
  bool deflated = false;

  // Truths that a damaged archive tells otherwise.
  std::optional<std::string> local_name = {};
  std::optional<std::string> raw_data = {};  // in place of the compressed content
  std::optional<std::uint32_t> crc = {};
  std::optional<std::uint32_t> size = {};             // in both headers
  std::optional<std::uint32_t> compressed_size = {};  // in both headers
  std::optional<std::uint32_t> offset = {};           // in the directory
  std::optional<std::uint16_t> method = {};
  std::uint16_t flags = 0;
  std::uint32_t attributes = 0100644U << 16U;
  bool descriptor = false;  // sizes follow the data instead of standing before it
  std::optional<std::uint32_t> descriptor_crc = {};
  std::string after = {};  // bytes between this entry and the next
};

struct ZipOptions {
  std::string comment = {};
  bool zip64 = false;  // saturated end record, zip64 end record and locator
  std::optional<std::uint64_t> zip64_entries = {};
};

std::string make_zip(const std::vector<ZipFile>& files, const ZipOptions& options = {});

// Raw deflate data (RFC 1951).
std::string deflate(std::string_view content);
std::string deflated_zeros(std::uint64_t count);

// Overwrites `bytes` at the end record's field at `offset` (APPNOTE 4.3.16).
void patch_end_record(std::string& zip, std::size_t offset, std::string_view bytes);

}  // namespace wheelbarrow::test
