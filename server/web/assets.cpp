#include "web/assets.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "web/embedded.hpp"

namespace wheelbarrow::web {
namespace {

constexpr std::string_view javascript = "text/javascript; charset=utf-8";
constexpr std::string_view css = "text/css; charset=utf-8";

Asset serve(std::string_view file, std::string_view path, std::string_view media_type) {
  const EmbeddedFile& found = embedded_file(file);
  return {path, media_type, found.content, found.sha256_hex};
}

}  // namespace

std::span<const Asset> all() {
  static const std::array assets = {
      serve("client/bundle_list.mjs", "/client/bundle_list.mjs", javascript),
      serve("client/bundle_stream.mjs", "/client/bundle_stream.mjs", javascript),
      serve("client/download.mjs", "/client/download.mjs", javascript),
      serve("client/error.mjs", "/client/error.mjs", javascript),
      serve("client/extension_modules.mjs", "/client/extension_modules.mjs", javascript),
      serve("client/gzip_file.mjs", "/client/gzip_file.mjs", javascript),
      serve("page.css", "/client/page.css", css),
      serve("page.mjs", "/client/page.mjs", javascript),
      serve("client/replace.mjs", "/client/replace.mjs", javascript),
      serve("client/sha256.mjs", "/client/sha256.mjs", javascript),
      serve("client/site.mjs", "/client/site.mjs", javascript),
      serve("client/tar.mjs", "/client/tar.mjs", javascript),
      serve("client/wheelbarrow.mjs", "/client/wheelbarrow.mjs", javascript),
  };
  return assets;
}

const Asset* find(std::string_view path) {
  const auto assets = all();
  const auto found = std::ranges::find(assets, path, &Asset::path);
  return found == assets.end() ? nullptr : &*found;
}

}  // namespace wheelbarrow::web
