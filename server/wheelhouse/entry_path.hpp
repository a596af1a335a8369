// The rules that paths inside an archive follow before anything is done with them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wheelbarrow::wheelhouse {

// Why `path` may not be unpacked ("leaves the archive's root"); nothing if it may. One '/' at the end, a
// folder's mark, is allowed.
std::optional<std::string> unsafe_path_reason(std::string_view path);

// `path` for a message: what is not printable ASCII or UTF-8 is escaped, what is overlong is cut.
std::string printable_path(std::string_view path);

bool is_valid_utf8(std::string_view text);

struct PlacedPath {
  std::string path;  // as installed, without a '/' at the end
  bool folder = false;
};

// Why the paths can't all exist in one tree (a file twice, a file that is also a folder); nothing if they
// can. Takes the vector because it has to be sorted.
std::optional<std::string> path_conflict(std::vector<PlacedPath> paths);

}  // namespace wheelbarrow::wheelhouse
