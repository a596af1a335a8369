// What a static host must know of an exported folder: which files have coded forms beside them, and the
// fields that go with each. The folder's files are at
//
//   bundles/<sha256>.tar, wheels/<sha256>/<file>     named by their content, for ever the same
//   client/, env/<set>/, sets/<set>.json             replaced by the next export
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "bundle/coded_form.hpp"

namespace wheelbarrow::app {

struct StaticForm {
  std::optional<bundle::Form> form;  // nothing: Brotli
  std::string_view ending;           // of the coded file's name, behind the whole name of the file
  std::string_view coding;           // as in Content-Encoding
};

// Best first.
inline constexpr std::array static_forms{
    StaticForm{std::nullopt, ".br", "br"},
    StaticForm{bundle::Form::zstd, ".zst", "zstd"},
    StaticForm{bundle::Form::gzip, ".gz", "gzip"},
};

// Whether a file of that name has every coded form beside it.
bool has_forms(std::string_view filename);

// For a `server` block of nginx whose root is the folder: codings, types, caching, CORS.
std::string nginx_rules();
// The file `.htaccess` of Apache, the same; needs mod_rewrite and mod_headers, and AllowOverride FileInfo.
std::string htaccess_file();
// The file `_headers` of Netlify and Cloudflare Pages: caching, CORS. Such hosts choose codings themselves.
std::string headers_file();

}  // namespace wheelbarrow::app
