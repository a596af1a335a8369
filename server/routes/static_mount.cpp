#include "routes/static_mount.hpp"

#include <algorithm>
#include <vector>

namespace wheelbarrow::routes {
namespace fs = std::filesystem;
namespace {

bool has_hidden_part(const fs::path& path) {
  return std::ranges::any_of(path, [](const fs::path& part) { return part.native().starts_with('.'); });
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::ranges::mismatch(folder, path);
  return end == folder.end();
}

std::optional<StaticFile> find_in(const StaticMount& mount, std::string_view rest) {
  const fs::path relative(rest);
  if (has_hidden_part(relative)) return std::nullopt;
  std::error_code error;
  const fs::path root = fs::canonical(mount.folder, error);
  if (error) return std::nullopt;
  fs::path path = fs::canonical(root / relative, error);
  if (error || !is_below(path, root)) return std::nullopt;
  if (fs::is_directory(path, error)) {
    if (!rest.empty() && !rest.ends_with('/')) return StaticFile{path, true};
    path = fs::canonical(path / "index.html", error);
    if (error || !is_below(path, root)) return std::nullopt;
  } else if (rest.ends_with('/')) {
    return std::nullopt;
  }
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  return StaticFile{path, false};
}

}  // namespace

Result<StaticMount> parse_static_mount(std::string_view text) {
  StaticMount mount;
  // The prefix begins at the last ":/", so a folder's name may hold a colon.
  const std::size_t colon = text.rfind(":/");
  mount.folder = text.substr(0, colon);
  if (colon != std::string_view::npos) mount.prefix = text.substr(colon + 1);
  if (!mount.prefix.ends_with('/')) mount.prefix += '/';
  std::error_code error;
  if (!fs::is_directory(mount.folder, error)) {
    return fail(ErrorKind::invalid_input, "there is no such folder to serve", mount.folder);
  }
  return mount;
}

std::optional<fs::path> find_file(const fs::path& folder, std::string_view name) {
  const auto found = find_in({folder, "/"}, name);
  return found && !found->is_folder ? std::optional(found->path) : std::nullopt;
}

std::optional<StaticFile> find_static_file(std::span<const StaticMount> mounts, std::string_view path) {
  std::vector<const StaticMount*> matching;
  for (const StaticMount& mount : mounts) {
    if (path.starts_with(mount.prefix)) matching.push_back(&mount);
  }
  std::ranges::stable_sort(matching, std::ranges::greater(),
                           [](const StaticMount* mount) { return mount->prefix.size(); });
  for (const StaticMount* mount : matching) {
    if (auto found = find_in(*mount, path.substr(mount->prefix.size()))) return found;
  }
  return std::nullopt;
}

}  // namespace wheelbarrow::routes
