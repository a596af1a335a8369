// A layer: one wheel as a fragment of a tar file, whole blocks, without an end marker, so that layers join by
// standing one after another.
//
// In format "site" it is the tree that an installer leaves in site-packages: purelib and platlib merged into
// the root, other .data schemes kept where they are, INSTALLER written, RECORD written anew and true,
// signatures of the old RECORD left out, and for Pyodide a PYODIDE_SOURCE, by which it knows its own
// packages. Files may be left out (trim.hpp) and modules compiled (bytecode.hpp); then the first entry is a
// report of that (layer_report.hpp). Entries are extension modules first, the largest first, so that a client
// can begin to load them while the rest arrives; then every other file by what its name ends in behind the
// last dot and by path, because files of a kind compress better together; RECORD last. There are no folder
// entries. In format "wheels" it is the wheel file itself as the one entry.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "bundle/bytecode.hpp"
#include "bundle/compilers.hpp"
#include "bundle/trim.hpp"
#include "store/store.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::bundle {

// Part of every layer's and bundle's identity: whatever changes the bytes of the same wheel changes this
// number.
inline constexpr int format_version = 3;

enum class Format { site, wheels };

// "site", "wheels".
std::string_view name_of(Format format);

// Everything that shapes a layer's bytes.
struct LayerRecipe {
  Sha256 wheel;          // of the wheel file
  std::string filename;  // of the wheel
  Format format = Format::site;
  bool pyodide = false;  // write PYODIDE_SOURCE
  // Format "site": the folder that the files go below; empty for a wheel. An archive of shared libraries has
  // no site-packages tree; its files lie below "<name>-<version>.data/dynlib/".
  std::string below;
  StripSet strip;  // format "site", not of an archive of shared libraries

  // Format "site", likewise. Its mode isn't off.
  std::optional<BytecodeRecipe> bytecode;

  // Whether the layer carries a report.
  bool reports() const { return !strip.empty() || bytecode.has_value(); }

  // The name under which the store knows the layer: equal recipes have equal names, whatever a layer's bytes
  // depend on is in it.
  std::string key() const;
};

// Compiles modules as a recipe says; see Compilers::compile().
using Compile =
    std::function<Result<std::vector<CompiledModule>>(const BytecodeRecipe&, std::span<const ModuleSource>)>;

// Writes the layer of a wheel file, whose bytes have been verified and can't change. Its files are held in
// memory one at a time; if the recipe asks for bytecode, all sources and what becomes of them. An
// error of `compile` is the layer's. REQUIRES: `compile` is given if the recipe asks for bytecode.
Result<void> write_layer(const LayerRecipe& recipe, const Slice& wheel, const wheelhouse::WheelLimits& limits,
                         store::BlobWriter& out, const Compile& compile = {});

// Bytes of the extension modules at the beginning of a layer.
std::uint64_t modules_size(std::string_view layer);

}  // namespace wheelbarrow::bundle
