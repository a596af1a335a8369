#include "packaging/wheel_filename.hpp"

#include <algorithm>
#include <charconv>

#include "packaging/name.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

bool is_wheel_name(std::string_view name) {
  const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.'; };
  return std::ranges::all_of(name, allowed) && !name.contains("__") && is_valid_name(name);
}

// PEP 427 writes '_' for the '-' of an unnormalized version ("1.0_1" for 1.0-1).
Result<Version> parse_escaped_version(std::string_view text) {
  auto version = Version::parse(text);
  if (version || !text.contains('_')) return version;
  std::string dashed(text);
  std::ranges::replace(dashed, '_', '-');
  return Version::parse(dashed);
}

std::optional<std::pair<std::uint64_t, std::string>> parse_build(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return std::pair(number, std::string(end, text.data() + text.size()));
}

}  // namespace

Result<WheelFilename> parse_wheel_filename(std::string_view filename) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::invalid_input, quoted(filename) + " is not a wheel's file name (PEP 427): " + why);
  };
  constexpr std::string_view extension = ".whl";
  if (!filename.ends_with(extension)) return refuse("it does not end in .whl");
  std::string_view stem = filename.substr(0, filename.size() - extension.size());
  const auto dashes = std::ranges::count(stem, '-');
  if (dashes != 4 && dashes != 5) {
    return refuse("it has " + std::to_string(dashes + 1) +
                  " parts between dashes, not name-version[-build]-python-abi-platform");
  }
  const auto take_part = [&] {
    const std::size_t end = stem.find('-');
    const std::string_view part = stem.substr(0, end);
    stem.remove_prefix(end + 1);
    return part;
  };
  WheelFilename result;
  const std::string_view name = take_part();
  if (!is_wheel_name(name)) return refuse(quoted(name) + " is not an escaped project name");
  result.name = canonicalize_name(name);
  auto version = parse_escaped_version(take_part());
  if (!version) return refuse(version.error().message);
  result.version = *std::move(version);
  if (dashes == 5) {
    const std::string_view build = take_part();
    result.build = parse_build(build);
    if (!result.build) return refuse("the build tag " + quoted(build) + " does not begin with a number");
  }
  auto tags = parse_tag(stem);
  if (!tags) return refuse(tags.error().message);
  result.tags = *std::move(tags);
  return result;
}

}  // namespace wheelbarrow::packaging
