// Requirements (PEP 508).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "packaging/marker.hpp"
#include "packaging/specifier.hpp"

namespace wheelbarrow::packaging {

struct Requirement {
  std::string name;              // canonical
  std::set<std::string> extras;  // canonical
  SpecifierSet specifier;
  std::string url;  // of a "name @ url" requirement; empty for others
  std::optional<Marker> marker;

  // An error's message says at which column (1-based) of `text` what was expected.
  static Result<Requirement> parse(std::string_view text);

  // Normalized: "lxml[html5]>=5; python_version >= \"3.9\"". Equal requirements give equal strings.
  std::string str() const;
};

}  // namespace wheelbarrow::packaging
