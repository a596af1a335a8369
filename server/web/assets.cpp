#include "web/assets.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "web/embedded.hpp"

namespace wheelbarrow::web {
namespace {

constexpr std::string_view folder = "client/";

std::vector<Asset> make_all() {
  std::vector<Asset> assets;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path.ends_with(".html")) continue;  // a template
    const std::string_view media_type =
        file.path.ends_with(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
    const bool is_loader = file.path.starts_with(folder);
    std::string path = is_loader ? "/" : "/client/";
    path += file.path;
    assets.push_back({std::move(path), media_type, file.content, file.sha256_hex, is_loader});
  }
  std::ranges::sort(assets, {}, &Asset::path);
  return assets;
}

}  // namespace

std::span<const Asset> all() {
  static const std::vector<Asset> assets = make_all();
  return assets;
}

const Asset* find(std::string_view path) {
  const auto assets = all();
  const auto found = std::ranges::find(assets, path, &Asset::path);
  return found == assets.end() ? nullptr : &*found;
}

}  // namespace wheelbarrow::web
