// Reading tar and compressed bytes with libarchive, zstd and zlib: what anybody's tools make of ours.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <clocale>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/slice.hpp"

namespace wheelbarrow::test {

struct TarEntry {
  std::string path;
  std::string content;
  unsigned mode = 0;
  std::int64_t mtime = 0;
};

inline std::string flatten(const Slices& body) {
  std::string text;
  for (const Slice& slice : body) {
    text += slice.text();
  }
  return text;
}

inline std::vector<TarEntry> untar(std::string_view tar) {
  std::vector<TarEntry> entries;
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), &archive_read_free);
  archive_read_support_format_tar(reader.get());
  EXPECT_EQ(archive_read_open_memory(reader.get(), tar.data(), tar.size()), ARCHIVE_OK);
  // libarchive converts path names by the locale.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  archive_entry* header = nullptr;
  while (archive_read_next_header(reader.get(), &header) == ARCHIVE_OK) {
    TarEntry entry;
    entry.path = archive_entry_pathname_utf8(header);
    entry.mode = archive_entry_perm(header);
    entry.mtime = archive_entry_mtime(header);
    entry.content.resize(static_cast<std::size_t>(archive_entry_size(header)));
    archive_read_data(reader.get(), entry.content.data(), entry.content.size());
    entries.push_back(std::move(entry));
  }
  EXPECT_EQ(archive_errno(reader.get()), 0) << archive_error_string(reader.get());
  return entries;
}

}  // namespace wheelbarrow::test
