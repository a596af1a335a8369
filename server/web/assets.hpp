// The files that a browser gets as they are: the loader, and what the landing page refers to. They are part
// of the program and never change while it runs. This room knows nothing of HTTP; routes/ decides what goes
// with them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wheelbarrow::web {

struct Asset {
  std::string path;             // the URL's path, "/client/wheelbarrow.mjs"
  std::string_view media_type;  // "text/javascript; charset=utf-8"
  std::string_view content;
  std::string_view sha256_hex;  // of the content
  bool is_loader = false;       // else a page of this server needs it
};

// All of them, by path. Everything lies below "/client/"; modules import each other by relative names, so an
// asset may be served under another folder only together with its siblings.
std::span<const Asset> all();

// By exact path; null if there is none.
const Asset* find(std::string_view path);

}  // namespace wheelbarrow::web
