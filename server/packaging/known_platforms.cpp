#include "packaging/known_platforms.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace wheelbarrow::packaging {
namespace {

// Which Emscripten each Pyodide platform (PEP 783) is built with: os.uname() reports it as the release. From
// the Makefile.envs of Pyodide's releases.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> emscripten_releases = {{
    {"pyodide_2024_0_wasm32", "3.1.58"},
    {"pyodide_2025_0_wasm32", "4.0.9"},
    {"pyemscripten_2025_0_wasm32", "4.0.9"},
    {"pyemscripten_2026_0_wasm32", "5.0.3"},
    {"pyemscripten_2026_5_wasm32", "6.0.5"},
}};

constexpr std::string_view emscripten_prefix = "emscripten_";
constexpr std::string_view wasm_suffix = "_wasm32";

std::string emscripten_release(std::string_view platform) {
  const auto* const known =
      std::ranges::find(emscripten_releases, platform, [](const auto& e) { return e.first; });
  if (known != emscripten_releases.end()) return std::string(known->second);
  // "emscripten_3_1_45_wasm32" carries it.
  if (!platform.starts_with(emscripten_prefix) || !platform.ends_with(wasm_suffix)) return {};
  std::string release(platform.substr(emscripten_prefix.size()));
  release.resize(release.size() - std::min(release.size(), wasm_suffix.size()));
  std::ranges::replace(release, '_', '.');
  return release;
}

// The longest known machine name that the tag ends in: "x86_64" of "manylinux_2_28_x86_64".
std::string machine_of(std::string_view platform, std::string_view otherwise) {
  constexpr std::array<std::string_view, 14> machines = {
      "x86_64",  "aarch64", "arm64", "i686",    "i386",        "armv7l", "armv6l",
      "ppc64le", "ppc64",   "s390x", "riscv64", "loongarch64", "amd64",  "wasm32"};
  for (const std::string_view machine : machines) {
    if (platform.ends_with(machine)) return std::string(machine);
  }
  return std::string(otherwise);
}

std::string windows_machine(std::string_view platform) {
  if (platform == "win_amd64") return "AMD64";
  return platform == "win_arm64" ? "ARM64" : "x86";
}

}  // namespace

MarkerEnvironment platform_markers(std::string_view platform) {
  MarkerEnvironment markers;
  markers.os_name = "posix";
  if (platform.starts_with("pyodide_") || platform.starts_with("pyemscripten_") ||
      platform.starts_with(emscripten_prefix)) {
    markers.sys_platform = "emscripten";
    markers.platform_system = "Emscripten";
    markers.platform_machine = "wasm32";
    markers.platform_release = emscripten_release(platform);
    markers.platform_version = "#1";  // what Emscripten's uname() says, whatever the version
  } else if (platform.starts_with("macosx_")) {
    markers.sys_platform = "darwin";
    markers.platform_system = "Darwin";
    markers.platform_machine = machine_of(platform, "arm64");
  } else if (platform.starts_with("ios_")) {
    markers.sys_platform = "ios";
    markers.platform_system = "iOS";
    markers.platform_machine = machine_of(platform.substr(0, platform.rfind("_iphone")), "arm64");
  } else if (platform.starts_with("win")) {
    markers.os_name = "nt";
    markers.sys_platform = "win32";
    markers.platform_system = "Windows";
    markers.platform_machine = windows_machine(platform);
  } else if (platform.starts_with("android_")) {
    markers.sys_platform = "android";
    markers.platform_system = "Android";
    markers.platform_machine = machine_of(platform, "aarch64");
    if (platform.ends_with("arm64_v8a")) markers.platform_machine = "aarch64";
  } else {
    markers.sys_platform = "linux";
    markers.platform_system = "Linux";
    markers.platform_machine = machine_of(platform, "x86_64");
  }
  return markers;
}

}  // namespace wheelbarrow::packaging
