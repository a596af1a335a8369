#include <algorithm>
#include <array>

#include "packaging/scanner.hpp"
#include "packaging/target.hpp"

namespace wheelbarrow::packaging {
namespace {

struct PyodideLine {
  std::string_view name;
  std::string_view python;
  std::vector<std::string> platforms;
};

// Python and Emscripten as the last release of each line reports them in pyodide-lock.json. Wheels say the
// Emscripten version up to 0.25, then Pyodide's own platform names, and those of PEP 783 from 0.29.4; the
// interpreter itself always reports the Emscripten version as its platform, so wheels built outside
// pyodide-build may still say that.
std::vector<PyodideLine> pyodide_lines() {
  return {
      {"pyodide-0.24", "3.11.3", {"emscripten_3_1_45_wasm32"}},
      {"pyodide-0.25", "3.11.3", {"emscripten_3_1_46_wasm32"}},
      {"pyodide-0.26", "3.12.1", {"pyodide_2024_0_wasm32", "emscripten_3_1_58_wasm32"}},
      {"pyodide-0.27", "3.12.7", {"pyodide_2024_0_wasm32", "emscripten_3_1_58_wasm32"}},
      {"pyodide-0.28",
       "3.13.2",
       {"pyodide_2025_0_wasm32", "pyemscripten_2025_0_wasm32", "emscripten_4_0_9_wasm32"}},
      {"pyodide-0.29",
       "3.13.2",
       {"pyodide_2025_0_wasm32", "pyemscripten_2025_0_wasm32", "emscripten_4_0_9_wasm32"}},
      {"pyodide-314", "3.14.2", {"pyemscripten_2026_0_wasm32", "emscripten_5_0_3_wasm32"}},
      {"pyodide-315", "3.15.0", {"pyemscripten_2026_5_wasm32", "emscripten_6_0_5_wasm32"}},
  };
}

// A late patch release of each minor version: wheels that exclude early ones by Requires-Python are welcome.
constexpr std::array<std::string_view, 6> cpython_versions = {"3.9.25",  "3.10.19", "3.11.14",
                                                              "3.12.12", "3.13.11", "3.14.2"};

std::string cpython_name(std::string_view minor, std::string_view system, std::string_view machine) {
  std::string name = "cpython-";
  name.append(minor).append("-").append(system).append("-").append(machine);
  return name;
}

// PEP 600, newest first, with the older names of the same policies. glibc 2.28 is what every distribution
// that still gets updates has; a target for a newer one can be made from its tags.
std::vector<std::string> manylinux_platforms(const std::string& machine) {
  constexpr int newest_glibc = 28;
  const int oldest_glibc = machine == "x86_64" ? 5 : 17;
  std::vector<std::string> platforms;
  for (int minor = newest_glibc; minor >= oldest_glibc; --minor) {
    platforms.push_back("manylinux_2_" + std::to_string(minor) + "_" + machine);
    if (minor == 17) platforms.push_back("manylinux2014_" + machine);
    if (minor == 12) platforms.push_back("manylinux2010_" + machine);
    if (minor == 5) platforms.push_back("manylinux1_" + machine);
  }
  platforms.push_back("linux_" + machine);
  return platforms;
}

// PEP 656, newest first.
std::vector<std::string> musllinux_platforms(const std::string& machine) {
  return {"musllinux_1_2_" + machine, "musllinux_1_1_" + machine, "musllinux_1_0_" + machine,
          "linux_" + machine};
}

std::vector<Target> make_known_targets() {
  std::vector<Target> targets;
  const auto add = [&](std::string name, std::string_view python, const std::vector<std::string>& platforms) {
    if (auto target = Target::make(std::move(name), python, platforms)) targets.push_back(*std::move(target));
  };
  for (const PyodideLine& line : pyodide_lines()) add(std::string(line.name), line.python, line.platforms);
  for (const std::string_view python : cpython_versions) {
    const std::string_view minor = python.substr(0, python.rfind('.'));
    for (const char* machine : {"x86_64", "aarch64"}) {
      add(cpython_name(minor, "linux", machine), python, manylinux_platforms(machine));
      add(cpython_name(minor, "musllinux", machine), python, musllinux_platforms(machine));
    }
  }
  return targets;
}

std::unexpected<Error> unknown_target(std::string_view text) {
  std::string message = quoted(text) + " is not a known target; known are";
  for (const Target& target : known_targets()) {
    message += (&target == &known_targets().front() ? " " : ", ") + target.name();
  }
  message += ", and an interpreter with its platforms such as cp313-pyodide_2025_0_wasm32";
  return fail(ErrorKind::invalid_input, std::move(message));
}

struct Alias {
  std::string python;  // "3.13"
  std::vector<std::string> platforms;
};

// "cp313-pyodide_2025_0_wasm32.emscripten_4_0_9_wasm32"
std::optional<Alias> parse_alias(std::string_view text) {
  constexpr std::string_view prefix = "cp3";
  // Far above what wheels have; a target takes memory by the product of its Pythons and platforms.
  constexpr std::size_t longest = 200;
  constexpr std::size_t most_platforms = 8;
  if (text.size() > longest || std::ranges::count(text, '.') >= std::ptrdiff_t{most_platforms})
    return std::nullopt;
  const std::size_t dash = text.find('-');
  if (!text.starts_with(prefix) || dash == std::string_view::npos) return std::nullopt;
  const std::string_view minor = text.substr(prefix.size(), dash - prefix.size());
  constexpr std::size_t longest_minor = 2;
  if (minor.empty() || minor.size() > longest_minor || !std::ranges::all_of(minor, is_digit))
    return std::nullopt;
  Alias alias{"3." + std::string(minor), {}};
  std::string_view rest = text.substr(dash + 1);
  for (;;) {
    const std::size_t dot = rest.find('.');
    alias.platforms.emplace_back(rest.substr(0, dot));
    if (dot == std::string_view::npos) return alias;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

const std::vector<Target>& known_targets() {
  static const std::vector<Target> targets = make_known_targets();
  return targets;
}

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(known_targets(), name, &Target::name);
  return found == known_targets().end() ? nullptr : &*found;
}

Result<Target> parse_target(std::string_view text) {
  if (const Target* known = find_target(text)) return *known;
  const auto alias = parse_alias(text);
  if (!alias) return unknown_target(text);
  // Later lines stand further back: of two that share the tags, the newer release is meant.
  for (auto target = known_targets().rbegin(); target != known_targets().rend(); ++target) {
    if (target->python_version() == alias->python &&
        std::ranges::find(target->platforms(), alias->platforms.front()) != target->platforms().end()) {
      return *target;
    }
  }
  auto made = Target::make(std::string(text), alias->python, alias->platforms);
  if (!made) return unknown_target(text);
  return made;
}

}  // namespace wheelbarrow::packaging
