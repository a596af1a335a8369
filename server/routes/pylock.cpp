#include "routes/pylock.hpp"

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "http/url.hpp"

namespace wheelbarrow::routes {
namespace {

// A TOML basic string. It is a JSON string, but for DEL, which TOML wants escaped.
std::string toml_string(std::string_view text) {
  std::string result;
  for (const char c : boost::json::serialize(text)) {
    if (c == '\x7f') {
      result += "\\u007F";
    } else {
      result += c;
    }
  }
  return result;
}

std::string environment_marker(const packaging::MarkerEnvironment& markers) {
  const auto values = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"implementation_name", markers.implementation_name},
      {"sys_platform", markers.sys_platform},
      {"platform_machine", markers.platform_machine},
      {"python_version", markers.python_version},
  });
  std::string text;
  for (const auto& [name, value] : values) {
    if (!text.empty()) text += " and ";
    text.append(name).append(" == '").append(value).append("'");
  }
  return text;
}

std::string wheel_table(const wheelhouse::Wheel& wheel, std::string_view base_url) {
  std::string text = "{ name = " + toml_string(wheel.filename);
  if (base_url.empty()) {
    text += ", path = " + toml_string(std::filesystem::absolute(wheel.path).native());
  } else {
    text += ", url = " + toml_string(std::string(base_url) + "/wheels/" + wheel.sha256.hex() + '/' +
                                     http::percent_encode(wheel.filename));
  }
  text += ", size = " + std::to_string(wheel.size);
  return text + ", hashes = { sha256 = " + toml_string(wheel.sha256.hex()) + " } }";
}

// What an installer takes. A Pyodide distribution's archives of shared libraries are no packages.
bool is_package(const resolver::LockedWheel& locked) {
  return locked.wheel->kind == wheelhouse::WheelKind::wheel;
}

std::string dependency_list(const std::set<std::string>& packages, const resolver::LockedWheel& locked) {
  std::string list;
  for (const std::string& name : locked.depends) {
    if (packages.contains(name))
      list += (list.empty() ? "{ name = " : ", { name = ") + toml_string(name) + " }";
  }
  return list;
}

std::string package_table(const std::set<std::string>& packages, const resolver::LockedWheel& locked,
                          std::string_view base_url) {
  const wheelhouse::Wheel& wheel = *locked.wheel;
  std::string text = "\n[[packages]]\nname = " + toml_string(wheel.name());
  text += "\nversion = " + toml_string(wheel.version().str());
  if (!wheel.metadata.requires_python.empty())
    text += "\nrequires-python = " + toml_string(wheel.metadata.requires_python.str());
  if (!base_url.empty()) text += "\nindex = " + toml_string(std::string(base_url) + "/simple/");
  if (const std::string list = dependency_list(packages, locked); !list.empty())
    text += "\ndependencies = [" + list + "]";
  return text + "\nwheels = [" + wheel_table(wheel, base_url) + "]\n";
}

}  // namespace

std::string to_pylock(const resolver::Lock& lock, const packaging::Target& target,
                      std::string_view base_url) {
  std::string text = "lock-version = \"1.0\"\n";
  text += "environments = [" + toml_string(environment_marker(target.markers())) + "]\n";
  text += "requires-python = " + toml_string("==" + target.python_version() + ".*") + "\n";
  text += "created-by = \"wheelbarrow\"\n";
  std::set<std::string> packages;
  if (lock.wheels.empty()) text += "packages = []\n";
  for (const resolver::LockedWheel& locked : lock.wheels) {
    if (is_package(locked)) packages.insert(locked.wheel->name());
  }
  for (const resolver::LockedWheel& locked : lock.wheels) {
    if (is_package(locked)) text += package_table(packages, locked, base_url);
  }
  return text;
}

}  // namespace wheelbarrow::routes
