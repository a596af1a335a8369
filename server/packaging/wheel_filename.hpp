// Wheel file names (PEP 427 "File name convention", with the escaping rules of PEP 491 and PEP 625).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "packaging/tag.hpp"
#include "packaging/version.hpp"

namespace wheelbarrow::packaging {

struct WheelFilename {
  std::string name;  // canonical
  Version version;
  std::optional<std::pair<std::uint64_t, std::string>> build;  // "1local" is {1, "local"}
  std::vector<Tag> tags;
};

// `filename` has no folder part and ends in ".whl". An error's message says at which column (1-based) of it
// what was expected.
Result<WheelFilename> parse_wheel_filename(std::string_view filename);

}  // namespace wheelbarrow::packaging
