// The environment that a bundle is for: Python version, tags in order of preference (PEP 425), marker values
// (PEP 508).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "packaging/marker.hpp"
#include "packaging/specifier.hpp"
#include "packaging/tag.hpp"
#include "packaging/version.hpp"

namespace wheelbarrow::packaging {

class Target {
 public:
  // A CPython target. `python_full_version` is "3.13.2" ("3.13" counts as "3.13.0"); `platforms` are platform
  // tags in order of preference, without "any" (at most 100). The marker values follow from the first
  // platform: Emscripten for "pyodide_*", "pyemscripten_*" and "emscripten_*", Linux for "manylinux*",
  // "musllinux*" and "linux_*", and so on; no platform means a pure-Python target with Linux's values.
  static Result<Target> make(std::string name, std::string_view python_full_version,
                             const std::vector<std::string>& platforms);

  const std::string& name() const { return name_; }
  const Version& python() const { return python_; }                              // full version
  const std::string& python_version() const { return markers_.python_version; }  // "3.13"
  const std::vector<Tag>& tags() const { return tags_; }                         // best first
  const MarkerEnvironment& markers() const { return markers_; }
  const std::vector<std::string>& platforms() const { return platforms_; }
  // True where Pyodide's or Emscripten's platform tags come first.
  bool is_emscripten() const { return markers_.sys_platform == "emscripten"; }

  // Whether a Requires-Python includes this Python. A pre-release counts as its release, as with pip.
  bool satisfies(const SpecifierSet& requires_python) const { return requires_python.contains(release_); }

  // The place of the best of `tags` in tags(), 0 being the most preferred; nothing if none is supported.
  std::optional<std::size_t> rank(std::span<const Tag> tags) const;

 private:
  std::string name_;
  Version python_;
  Version release_;  // python_, as if it were released
  std::vector<std::string> platforms_;
  std::vector<Tag> tags_;
  std::map<Tag, std::size_t> ranks_;
  MarkerEnvironment markers_;
};

// The built-in targets: "pyodide-0.24" to "pyodide-0.29", "pyodide-314", "pyodide-315", then
// "cpython-3.9-linux-x86_64" (manylinux), "cpython-3.9-musllinux-x86_64" and the like up to 3.14, for x86_64
// and aarch64.
const std::vector<Target>& known_targets();

// By exact name among known_targets(); null if there is none.
const Target* find_target(std::string_view name);

// A known target's name, or an interpreter with its platform tags, best first: "cp313-pyodide_2025_0_wasm32",
// "cp312-manylinux_2_28_x86_64.linux_x86_64". Where a known target has this Python and the first platform,
// that target is meant (the newest of several), so that the patch version and the name are known; otherwise
// the target's name is `text`. An error lists the known names.
Result<Target> parse_target(std::string_view text);

}  // namespace wheelbarrow::packaging
