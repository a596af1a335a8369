#include "bundle/bytecode.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace wheelbarrow::bundle {
namespace {

constexpr std::array<std::string_view, 3> mode_names{"off", "beside", "instead"};
constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> magic_numbers{
    {{"3.11", 3495}, {"3.12", 3531}, {"3.13", 3571}, {"3.14", 3627}}};

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
  };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string_view name_of(BytecodeMode mode) {
  return mode_names[static_cast<std::size_t>(mode)];
}

Result<BytecodeMode> parse_bytecode_mode(std::string_view name) {
  const auto known = std::ranges::find(mode_names, name);
  if (known == mode_names.end()) {
    return fail(ErrorKind::invalid_input,
                "bytecode can't be '" + std::string(name) + "'; it is off, beside or instead");
  }
  return static_cast<BytecodeMode>(known - mode_names.begin());
}

std::optional<std::uint16_t> magic_of(std::string_view minor_version) {
  for (const auto& [version, magic] : magic_numbers) {
    if (version == minor_version) return magic;
  }
  return std::nullopt;
}

std::string minor_version_of(std::string_view full_version) {
  const std::size_t dot = full_version.find('.');
  return std::string(
      full_version.substr(0, dot == std::string_view::npos ? dot : full_version.find('.', dot + 1)));
}

std::string BytecodeRecipe::text() const {
  return std::string(name_of(mode)) + ' ' + python + ' ' + platform + ' ' +
         std::to_string(magic_of(minor_version()).value_or(0));
}

bool is_module_path(std::string_view path) {
  if (!path.ends_with(".py")) return false;
  path.remove_suffix(std::string_view(".py").size());
  while (true) {
    const std::size_t slash = path.find('/');
    if (!is_identifier(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string bytecode_path(const BytecodeRecipe& recipe, std::string_view source_path) {
  const std::string stem(source_path.substr(0, source_path.size() - std::string_view(".py").size()));
  if (recipe.mode == BytecodeMode::instead) return stem + ".pyc";
  // PEP 3147.
  std::string tag = "cpython-" + recipe.minor_version();
  std::erase(tag, '.');
  const std::size_t name = stem.rfind('/') + 1;
  return stem.substr(0, name) + "__pycache__/" + stem.substr(name) + '.' + tag + ".pyc";
}

std::string code_folder(const BytecodeRecipe& recipe, bool pyodide) {
  return pyodide ? "/lib/python" + recipe.minor_version() + "/site-packages/" : "";
}

std::string bytecode_file(const BytecodeRecipe& recipe, std::string_view source_hash, std::string_view code) {
  const std::uint16_t magic = magic_of(recipe.minor_version()).value_or(0);
  std::string file{static_cast<char>(magic & 0xff), static_cast<char>(magic >> 8), '\r', '\n'};
  // PEP 552: bit 0 for a hash-based file, bit 1 (not set) for one that is checked against its source.
  file += std::string_view("\x01\0\0\0", 4);
  file += source_hash;
  return file += code;
}

}  // namespace wheelbarrow::bundle
