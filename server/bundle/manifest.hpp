// The manifest: the first entry of every bundle, which says what is in it. A bundle's manifest is also all
// that is needed to join the bundle again from its layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "bundle/layer.hpp"
#include "bundle/layer_report.hpp"
#include "packaging/target.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::bundle {

inline constexpr std::string_view manifest_path = "wheelbarrow.json";

// One wheel of a bundle.
struct Member {
  std::string name;     // canonical
  std::string project;  // the name as METADATA writes it
  std::string version;
  std::string filename;
  Sha256 wheel;                 // of the wheel file
  bool shared_library = false;  // wheelhouse::WheelKind::shared_library
  std::uint64_t files = 0;
  std::vector<std::string> extension_modules;  // paths in the tar; empty for Format::wheels
  std::vector<std::string> imports;            // importable top-level names
  std::vector<std::string> depends;            // canonical names of other members

  // The layer, known once the bundle is joined.
  std::uint64_t offset = 0;  // bytes from the start of the tar
  std::uint64_t size = 0;    // bytes
  Sha256 layer;              // of the layer's bytes
  LayerReport report;        // empty unless the recipe asks for one
};

// A bundle of its own that holds some of another's members.
struct Part {
  Sha256 sha256;
  std::uint64_t size = 0;           // of its tar, bytes
  std::vector<std::string> wheels;  // names of the members that are in it
};

struct Manifest {
  Format format = Format::site;
  std::string target;    // packaging::Target::name()
  std::string python;    // full version
  bool pyodide = false;  // layers carry PYODIDE_SOURCE
  StripSet strip;
  std::optional<BytecodeRecipe> bytecode;
  std::vector<std::string> requirements;
  std::uint64_t size = 0;  // of the whole tar, bytes; known once the bundle is joined
  std::vector<Member> members;
  std::vector<Part> parts;  // together all members; empty if the bundle is not cut

  // The recipe of the layer of one of `members`.
  LayerRecipe recipe(const Member& member) const;
};

// A memory of bundles or plans weighs each by its members, because one of a thousand wheels takes as much as
// hundreds of small ones: about three kilobytes a member.
inline constexpr std::size_t remembered_members = 32'768;

// The weight in members of texts that clients choose.
inline std::size_t weight_of(std::span<const std::string> texts) {
  constexpr std::size_t member_size = 3072;
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    bytes += text.size();
  }
  return bytes / member_size;
}
inline std::size_t weight_of(const Manifest& manifest) {
  return manifest.members.size() + 1 + weight_of(manifest.requirements);
}

// What a lock becomes as a bundle, layers not placed yet. `strip` and `bytecode` are for Format::site.
Manifest plan(const resolver::Lock& lock, const packaging::Target& target, Format format, StripSet strip = {},
              std::optional<BytecodeRecipe> bytecode = {});

// The whole first entry, header and padding included. Sets `size` and every member's `offset` from the
// members' `size`.
std::string manifest_entry(Manifest& manifest);

// The manifest's JSON without placement: names the bundle's content before any layer exists.
std::string plan_text(const Manifest& manifest);

// Reads the entry that manifest_entry() wrote. ErrorKind::not_found if another format version wrote it.
Result<Manifest> parse_manifest_entry(std::string_view entry);

}  // namespace wheelbarrow::bundle
