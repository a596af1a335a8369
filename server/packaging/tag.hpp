// Compatibility tags (PEP 425).
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::packaging {

// Lower case, one value per field: "py3-none-any".
struct Tag {
  std::string interpreter;
  std::string abi;
  std::string platform;

  std::string str() const { return interpreter + "-" + abi + "-" + platform; }
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

// Expands a compressed tag set ("py2.py3-none-any" gives two). At most 1,000 tags; more is an error. An
// error's message says at which column (1-based) of `text` what was expected.
Result<std::vector<Tag>> parse_tag(std::string_view text);

}  // namespace wheelbarrow::packaging
