#include "bundle/library_zip.hpp"

#include <zlib.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wheelbarrow::bundle {
namespace {

// APPNOTE.TXT 4.3: a local header before each file, a directory of the same fields behind the last.
constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint16_t version_needed = 20;
constexpr std::uint16_t utf8_names = 1U << 11;
constexpr std::uint16_t stored = 0;
constexpr std::uint16_t first_day = 0x21;  // 1980-01-01, the first that the format knows

class ZipWriter {
 public:
  explicit ZipWriter(store::BlobWriter& out) : out_(out) {}

  // A path that ends in a slash is a folder.
  Result<void> add(std::string_view path, std::string_view content) {
    if (++count_ > std::numeric_limits<std::uint16_t>::max() || path.size() > max_path ||
        out_.size() + content.size() + path.size() > max_size) {
      return fail(ErrorKind::limit, "it is too large for a zip file without extensions", std::string(path));
    }
    const auto offset = static_cast<std::uint32_t>(out_.size());
    std::string fields;  // those that both headers have
    put16(fields, version_needed);
    put16(fields, utf8_names);
    put16(fields, stored);
    put16(fields, 0);  // time
    put16(fields, first_day);
    put32(fields, static_cast<std::uint32_t>(
                      ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size())));
    put32(fields, static_cast<std::uint32_t>(content.size()));  // compressed
    put32(fields, static_cast<std::uint32_t>(content.size()));
    put16(fields, static_cast<std::uint16_t>(path.size()));
    put16(fields, 0);  // extra field
    std::string header;
    put32(header, local_signature);
    header.append(fields).append(path);
    put32(directory_, central_signature);
    put16(directory_, version_needed);
    directory_.append(fields);
    directory_.append(2 + 2 + 2 + 4, '\0');  // comment, disk, attributes
    put32(directory_, offset);
    directory_.append(path);
    if (auto written = write(header); !written) return written;
    return write(content);
  }

  Result<void> finish() {
    const auto offset = static_cast<std::uint32_t>(out_.size());
    std::string end;
    put32(end, end_signature);
    put32(end, 0);  // disks
    put16(end, static_cast<std::uint16_t>(count_));
    put16(end, static_cast<std::uint16_t>(count_));
    put32(end, static_cast<std::uint32_t>(directory_.size()));
    put32(end, offset);
    put16(end, 0);  // comment
    if (auto written = write(directory_); !written) return written;
    return write(end);
  }

 private:
  static constexpr std::size_t max_path = 4096;
  static constexpr std::uint64_t max_size = std::uint64_t{1} << 31;  // leaves room for the directory

  static void put16(std::string& to, std::uint16_t number) {
    to += static_cast<char>(number & 0xff);
    to += static_cast<char>(number >> 8);
  }
  static void put32(std::string& to, std::uint32_t number) {
    put16(to, static_cast<std::uint16_t>(number & 0xffff));
    put16(to, static_cast<std::uint16_t>(number >> 16));
  }
  Result<void> write(std::string_view bytes) { return out_.append(std::as_bytes(std::span(bytes))); }

  store::BlobWriter& out_;
  std::string directory_;
  std::size_t count_ = 0;
};

// By path.
using Files = std::map<std::string, std::string>;

// Where Pyodide puts the file, for co_filename: "/lib/python313.zip/".
std::string library_folder(const BytecodeRecipe& recipe) {
  std::string version = recipe.minor_version();
  std::erase(version, '.');
  return "/lib/python" + version + ".zip/";
}

Result<void> compile_into(Files& files, const BytecodeRecipe& recipe, const Compile& compile) {
  std::vector<std::string> paths;
  std::vector<ModuleSource> modules;
  for (const auto& [path, content] : files) {
    // Also what is no identifier: sysconfig imports _sysconfigdata__emscripten_wasm32-emscripten.
    if (!path.ends_with(".py")) continue;
    paths.push_back(path);
    modules.push_back({library_folder(recipe) + path, content});
  }
  auto compiled = compile(recipe, modules);
  if (!compiled) return std::unexpected(compiled.error());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if ((*compiled)[i].file.empty()) continue;
    files[paths[i] + 'c'] = std::move((*compiled)[i].file);
    if (recipe.mode == BytecodeMode::instead) files.erase(paths[i]);
  }
  return {};
}

// Files of a kind stand together, because they compress better that way.
std::string_view kind_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(dot);
}

}  // namespace

Result<void> write_library(const Slice& zip, const BytecodeRecipe& recipe,
                           const wheelhouse::WheelLimits& limits, store::BlobWriter& out,
                           const Compile& compile) {
  Files files;
  const auto take = [&files](const wheelhouse::WheelFile& file) -> Result<void> {
    files.emplace(file.path,
                  std::string(reinterpret_cast<const char*>(file.content.data()), file.content.size()));
    return {};
  };
  if (auto read = wheelhouse::for_each_file(zip, "python_stdlib.zip", limits, take); !read) return read;
  if (auto compiled = compile_into(files, recipe, compile); !compiled) return compiled;
  for (auto file = files.begin(); file != files.end(); ++file) {
    for (std::size_t slash = file->first.find('/'); slash != std::string::npos;
         slash = file->first.find('/', slash + 1)) {
      files.try_emplace(file->first.substr(0, slash + 1));
    }
  }
  using Place = std::pair<std::string_view, std::string_view>;  // kind, path
  std::map<Place, std::string_view> ordered;
  for (const auto& [path, content] : files) {
    ordered.emplace(Place(path.ends_with('/') ? std::string_view() : kind_of(path), path), content);
  }
  ZipWriter writer(out);
  for (const auto& [place, content] : ordered) {
    if (auto added = writer.add(place.second, content); !added) return added;
  }
  return writer.finish();
}

}  // namespace wheelbarrow::bundle
