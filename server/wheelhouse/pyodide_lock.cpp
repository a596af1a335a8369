#include "wheelhouse/pyodide_lock.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "packaging/name.hpp"
#include "wheelhouse/archive_file.hpp"
#include "wheelhouse/entry_path.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace json = boost::json;

constexpr std::uint64_t max_lock_size = 32ULL << 20;  // Pyodide's own is 150 KB
constexpr std::size_t max_depth = 16;                 // a lock has 4 levels

Result<std::string> read_text(const std::filesystem::path& path) {
  const auto file = ArchiveFile::open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (file->size() > max_lock_size) {
    return fail(ErrorKind::limit, "is larger than 32 MiB", path.string());
  }
  std::string text(file->size(), '\0');
  if (auto read = file->read_exactly_at(0, std::as_writable_bytes(std::span(text))); !read) {
    return std::unexpected(read.error());
  }
  return text;
}

Result<json::object> parse_object(std::string_view text, const std::filesystem::path& path) {
  json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error) {
    return fail(ErrorKind::corrupt, "is not JSON: " + error.message(), path.string());
  }
  if (!value.is_object()) {
    return fail(ErrorKind::corrupt, "is not a JSON object", path.string());
  }
  return std::move(value.as_object());
}

// Empty if there is no such member or it is no string.
std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

bool is_plain_word(std::string_view text) {
  return text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                  c == '.';
         });
}

// The platform tags that the lock may mean, likeliest first. PEP 783 renamed "pyodide_*" to "pyemscripten_*";
// before Pyodide 0.26 wheels carried Emscripten's own version.
std::vector<std::string> candidate_platforms(const std::string& abi_version, const std::string& platform,
                                             const std::string& arch) {
  std::vector<std::string> candidates;
  if (!abi_version.empty()) {
    candidates.push_back("pyodide_" + abi_version + "_" + arch);
    candidates.push_back("pyemscripten_" + abi_version + "_" + arch);
  }
  if (!platform.empty()) {
    candidates.push_back(platform + "_" + arch);
  }
  return candidates;
}

Result<packaging::Target> choose_target(const json::object& info, const std::filesystem::path& path) {
  const std::string python = text_of(info, "python");
  const std::string abi_version = text_of(info, "abi_version");
  const std::string platform = text_of(info, "platform");
  const std::string arch = info.contains("arch") ? text_of(info, "arch") : "wasm32";
  if (python.empty() || (abi_version.empty() && platform.empty())) {
    return fail(ErrorKind::corrupt, "info lacks python, or both abi_version and platform", path.string());
  }
  if (!is_plain_word(abi_version) || !is_plain_word(platform) || !is_plain_word(arch)) {
    return fail(ErrorKind::corrupt, "info.abi_version, info.platform or info.arch is not a plain word",
                path.string());
  }
  const auto candidates = candidate_platforms(abi_version, platform, arch);
  auto own = packaging::Target::make("pyodide-" + (abi_version.empty() ? platform : abi_version), python,
                                     candidates);
  if (!own) {
    return fail(ErrorKind::corrupt, "info.python: " + own.error().text(), path.string());
  }
  // Several lines of Pyodide share an ABI, and info.version is not reliable (0.29.3 says 0.28.0.dev0), so the
  // newest line counts. What was said first names the ABI best.
  const auto& known = packaging::known_targets();
  for (const std::string& candidate : candidates) {
    for (auto target = known.rbegin(); target != known.rend(); ++target) {
      if (target->is_emscripten() && target->python_version() == own->python_version() &&
          std::ranges::find(target->platforms(), candidate) != target->platforms().end()) {
        return packaging::Target::make(target->name(), python, target->platforms());
      }
    }
  }
  return own;
}

// Nothing if the package isn't an archive of this folder; an error if the lock is wrong about it.
Result<std::optional<LockedPackage>> parse_package(std::string_view key, const json::value& value) {
  const auto fault = [&](std::string_view what) {
    return fail(ErrorKind::corrupt, "package " + printable_path(key) + " " + std::string(what));
  };
  if (!value.is_object()) {
    return fault("is not an object");
  }
  const json::object& object = value.as_object();
  LockedPackage package;
  package.file_name = text_of(object, "file_name");
  if (package.file_name.empty()) {
    return fault("has no file_name");
  }
  // A URL or a path elsewhere is for browsers to follow.
  if (package.file_name.contains('/')) {
    return std::optional<LockedPackage>();
  }
  if (unsafe_path_reason(package.file_name)) {
    return fault("has an unsafe file_name");
  }
  const std::string type = text_of(object, "package_type");
  package.wheel = package.file_name.ends_with(".whl");
  if (!package.wheel && type != "shared_library" && type != "cpython_module") {
    return std::optional<LockedPackage>();  // unvendored tests
  }
  const std::string name = text_of(object, "name");
  if (!packaging::is_valid_name(name)) {
    return fault("has no valid name");
  }
  package.name = packaging::canonicalize_name(name);
  package.version = text_of(object, "version");
  const auto digest = Sha256::from_hex(text_of(object, "sha256"));
  if (!digest) {
    return fault("has no valid sha256");
  }
  package.sha256 = *digest;
  if (const json::value* depends = object.if_contains("depends")) {
    if (!depends->is_array()) {
      return fault("has depends that are not a list");
    }
    for (const json::value& each : depends->as_array()) {
      if (!each.is_string() || !packaging::is_valid_name(std::string_view(each.as_string()))) {
        return fault("depends on something that is not a name");
      }
      std::string canonical = packaging::canonicalize_name(std::string_view(each.as_string()));
      if (std::ranges::find(package.depends, canonical) == package.depends.end()) {
        package.depends.push_back(std::move(canonical));
      }
    }
  }
  return package;
}

// The file, taken apart as far as the environment that it is for.
struct Environment {
  std::string text;
  json::object root;  // has the objects "info" and "packages"
  packaging::Target target;
};

Result<Environment> read_environment(const std::filesystem::path& path) {
  auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  auto root = parse_object(*text, path);
  if (!root) return std::unexpected(root.error());
  const json::value* info = root->if_contains("info");
  const json::value* packages = root->if_contains("packages");
  if (info == nullptr || !info->is_object() || packages == nullptr || !packages->is_object())
    return fail(ErrorKind::corrupt, "lacks the objects info and packages", path.string());
  auto target = choose_target(info->as_object(), path);
  if (!target) return std::unexpected(target.error());
  return Environment{std::move(*text), std::move(*root), std::move(*target)};
}

}  // namespace

Result<packaging::Target> read_pyodide_target(const std::filesystem::path& file) {
  const auto read = read_environment(file);
  if (!read) return std::unexpected(read.error());
  return read->target;
}

Result<PyodideLock> read_pyodide_lock(const std::filesystem::path& folder) {
  auto read = read_environment(folder / "pyodide-lock.json");
  if (!read) return std::unexpected(read.error());
  PyodideLock lock{.distribution = {.folder = folder,
                                    .lock_text = std::move(read->text),
                                    .abi_version = text_of(read->root.at("info").as_object(), "abi_version"),
                                    .target = std::move(read->target)},
                   .packages = {},
                   .faults = {}};
  for (const auto& [key, value] : read->root.at("packages").as_object()) {
    auto package = parse_package(std::string_view(key), value);
    if (!package) {
      lock.faults.push_back(package.error().message);
    } else if (*package) {
      lock.packages.push_back(std::move(**package));
    }
  }
  return lock;
}

}  // namespace wheelbarrow::wheelhouse
