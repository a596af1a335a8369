#include "http/media_type.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view javascript = "text/javascript; charset=utf-8";
constexpr std::string_view unknown = "application/octet-stream";

// Sorted by extension, for the binary search below.
constexpr auto types = std::to_array<Entry>({
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"br", "application/x-brotli"},
    {"bz2", "application/x-bzip2"},
    {"cfg", plain_text},
    {"cjs", javascript},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"cts", plain_text},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"in", plain_text},
    {"ini", plain_text},
    {"ipynb", "application/x-ipynb+json"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", javascript},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"log", plain_text},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"metadata", plain_text},
    {"mjs", javascript},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mts", plain_text},
    {"otf", "font/otf"},
    {"parquet", "application/vnd.apache.parquet"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"py", "text/x-python; charset=utf-8"},
    {"pyc", "application/x-python-code"},
    {"pyi", "text/x-python; charset=utf-8"},
    {"rst", "text/x-rst; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"toml", "application/toml"},
    {"ts", plain_text},  // TypeScript here, never an MPEG transport stream
    {"tsv", "text/tab-separated-values; charset=utf-8"},
    {"ttf", "font/ttf"},
    {"txt", plain_text},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"whl", "application/zip"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
});
static_assert(std::ranges::is_sorted(types, {}, &Entry::first));

// Beside text/*, *+json and *+xml.
constexpr auto compressible = std::to_array<std::string_view>({
    "application/javascript",
    "application/json",
    "application/jsonl",
    "application/toml",
    "application/vnd.pypi.simple.v1+html",
    "application/wasm",
    "application/x-python-code",
    "application/x-tar",
    "application/xml",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
});

}  // namespace

std::string_view media_type(std::string_view filename) {
  const std::string_view name = filename.substr(filename.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return unknown;
  std::string extension(name.substr(dot + 1));
  std::ranges::transform(extension, extension.begin(), lower);
  const auto entry = std::ranges::lower_bound(types, std::string_view(extension), {}, &Entry::first);
  return entry != types.end() && entry->first == extension ? entry->second : unknown;
}

bool is_compressible(std::string_view media_type) {
  std::string type(take_until(media_type, ';'));
  std::ranges::transform(type, type.begin(), lower);
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         std::ranges::find(compressible, std::string_view(type)) != compressible.end();
}

}  // namespace wheelbarrow::http
