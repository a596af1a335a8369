// Byte-compiled modules: which modules of a wheel are compiled, what the files are called, what is in them.
//
// Importing from ready bytecode takes a third of the time of importing from source. `beside` adds
// __pycache__/x.cpython-313.pyc to x.py: everything works as with the source alone. `instead` puts x.pyc in
// the place of x.py: fewer bytes, but whatever reads sources (inspect.getsource, the lines of a traceback)
// finds none, so tracebacks name files and lines and no columns; only a source whose file name another source
// of the wheel mentions stays beside. The files are unchecked hash-based ones (PEP 552), because times of
// files mean nothing in a bundle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "bundle/marshal.hpp"

namespace wheelbarrow::bundle {

enum class BytecodeMode : std::uint8_t { off, beside, instead };

std::string_view name_of(BytecodeMode mode);
// By name; an error lists the names.
Result<BytecodeMode> parse_bytecode_mode(std::string_view name);

// The number in front of a release's .pyc files (importlib.util.MAGIC_NUMBER, its first two bytes), by
// "3.11" to "3.14". A minor version keeps its number from its release candidates on.
std::optional<std::uint16_t> magic_of(std::string_view minor_version);

// "3.13" of "3.13.2".
std::string minor_version_of(std::string_view full_version);

// What bytecode depends on beside the source. Platforms differ: in how deep a source may nest, and in string
// hashes, which order __static_attributes__ (3.13).
struct BytecodeRecipe {
  BytecodeMode mode = BytecodeMode::beside;
  std::string python;    // the compiler's full version, "3.13.2"
  std::string platform;  // and sys.platform, "emscripten"

  std::string minor_version() const { return minor_version_of(python); }
  Locations locations() const {
    return mode == BytecodeMode::instead ? Locations::lines : Locations::columns;
  }
  std::string text() const;  // one line, for identities

  friend bool operator==(const BytecodeRecipe&, const BytecodeRecipe&) = default;
};

// Whether the path is that of a module that can be imported: every part of it an identifier.
bool is_module_path(std::string_view path);

// Where a module's bytecode goes.
std::string bytecode_path(const BytecodeRecipe& recipe, std::string_view source_path);

// The folder in front of a module's file name in its code (co_filename): where Pyodide installs. Nobody knows
// where others unpack a bundle, so there it is empty; importing from `beside` puts the true name in.
std::string code_folder(const BytecodeRecipe& recipe, bool pyodide);

// A whole .pyc file. `source_hash` is importlib.util.source_hash(), 8 bytes; REQUIRES: magic_of() knows the
// version.
std::string bytecode_file(const BytecodeRecipe& recipe, std::string_view source_hash, std::string_view code);

}  // namespace wheelbarrow::bundle
