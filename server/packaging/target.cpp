#include "packaging/target.hpp"

#include <algorithm>

#include "packaging/known_platforms.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

constexpr std::uint64_t first_minor_with_abi3 = 2;
constexpr std::uint64_t max_minor = 99;
constexpr std::size_t max_platforms = 100;

bool is_platform_tag(std::string_view platform) {
  return !platform.empty() && platform != "any" && std::ranges::all_of(platform, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_';
  });
}

// The order of packaging.tags: cpython_tags(), then compatible_tags(). "py3" is preferred to every older
// "py3X".
std::vector<Tag> make_tags(std::uint64_t major, std::uint64_t minor,
                           const std::vector<std::string>& platforms) {
  std::vector<Tag> tags;
  const std::string series = std::to_string(major);
  const std::string interpreter = "cp" + series + std::to_string(minor);
  const auto add = [&](const std::string& python, const std::string& abi) {
    for (const std::string& platform : platforms) tags.push_back({python, abi, platform});
  };
  const bool has_abi3 = major == 3 && minor >= first_minor_with_abi3;
  add(interpreter, interpreter);
  if (has_abi3) add(interpreter, "abi3");
  add(interpreter, "none");
  for (std::uint64_t older = minor; has_abi3 && older-- > first_minor_with_abi3;) {
    add("cp" + series + std::to_string(older), "abi3");
  }
  std::vector<std::string> pythons = {"py" + series + std::to_string(minor), "py" + series};
  for (std::uint64_t older = minor; older-- > 0;) pythons.push_back("py" + series + std::to_string(older));
  for (const std::string& python : pythons) add(python, "none");
  tags.push_back({interpreter, "none", "any"});
  for (const std::string& python : pythons) tags.push_back({python, "none", "any"});
  return tags;
}

}  // namespace

Result<Target> Target::make(std::string name, std::string_view python_full_version,
                            const std::vector<std::string>& platforms) {
  auto python = Version::parse(python_full_version);
  if (!python) {
    return fail(ErrorKind::invalid_input,
                quoted(python_full_version) + " is not a Python version: " + python.error().message);
  }
  const auto& release = python->release();
  if (python->epoch() != 0 || release.size() < 2 || release.size() > 3 || release[1] > max_minor ||
      python->post() || !python->local().empty()) {
    return fail(ErrorKind::invalid_input,
                quoted(python_full_version) + " is not a Python version such as 3.13 or 3.13.2");
  }
  if (release.size() == 2) {
    python =
        Version::parse(python->base_version() + ".0" + python->str().substr(python->base_version().size()));
    if (!python) return std::unexpected(std::move(python.error()));
  }
  if (platforms.size() > max_platforms) {
    return fail(ErrorKind::limit, "a target has at most 100 platform tags", std::move(name));
  }
  for (const std::string& platform : platforms) {
    if (!is_platform_tag(platform)) {
      return fail(ErrorKind::invalid_input,
                  quoted(platform) + " is not a platform tag such as pyodide_2025_0_wasm32", std::move(name));
    }
  }
  Target target;
  target.name_ = std::move(name);
  target.release_ = Version::parse(python->base_version()).value_or(*python);
  target.python_ = *std::move(python);
  target.platforms_ = platforms;
  const std::uint64_t major = target.python_.release()[0];
  const std::uint64_t minor = target.python_.release()[1];
  target.tags_ = make_tags(major, minor, platforms);
  for (std::size_t i = 0; i < target.tags_.size(); ++i) target.ranks_.try_emplace(target.tags_[i], i);
  target.markers_ = platform_markers(platforms.empty() ? std::string_view() : platforms.front());
  target.markers_.implementation_name = "cpython";
  target.markers_.platform_python_implementation = "CPython";
  target.markers_.implementation_version = target.python_.str();
  target.markers_.python_full_version = target.python_.str();
  target.markers_.python_version = std::to_string(major) + "." + std::to_string(minor);
  return target;
}

std::optional<std::size_t> Target::rank(std::span<const Tag> tags) const {
  std::optional<std::size_t> best;
  for (const Tag& tag : tags) {
    const auto found = ranks_.find(tag);
    if (found != ranks_.end() && (!best || found->second < *best)) best = found->second;
  }
  return best;
}

}  // namespace wheelbarrow::packaging
