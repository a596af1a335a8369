// What embed.cmake makes of this folder's files.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace wheelbarrow::web {

struct EmbeddedFile {
  std::string_view path;  // below server/web, "client/wheelbarrow.mjs"
  std::string_view content;
  std::string_view sha256_hex;
};

std::span<const EmbeddedFile> embedded_files();

// REQUIRES: `path` is one of the files that CMakeLists.txt lists.
inline const EmbeddedFile& embedded_file(std::string_view path) {
  return *std::ranges::find(embedded_files(), path, &EmbeddedFile::path);
}

}  // namespace wheelbarrow::web
