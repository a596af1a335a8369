#include "wheelhouse/import_names.hpp"

#include <algorithm>

namespace wheelbarrow::wheelhouse {
namespace {

// Python's identifiers; every non-ASCII character counts as a letter.
bool is_identifier(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && !is_digit(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || is_digit(c); });
}

bool is_module(std::string_view path) {
  return path.ends_with(".py") || path.ends_with(".pyc") || path.ends_with(".so");
}

}  // namespace

void ImportNames::add(std::string_view path) {
  // A cached bytecode file is no module without its source beside the folder.
  if (!is_module(path) || path.starts_with("__pycache__/") || path.contains("/__pycache__/")) {
    return;
  }
  // "x/..." is package x, regular or namespace (PEP 420); "x.py" and "x.cpython-313-wasm32-emscripten.so" are
  // module x.
  const std::size_t slash = path.find('/');
  const std::string_view name = path.substr(0, slash == std::string_view::npos ? path.find('.') : slash);
  if (is_identifier(name)) {
    names_.emplace(name);
  }
}

}  // namespace wheelbarrow::wheelhouse
