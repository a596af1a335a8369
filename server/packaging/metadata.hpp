// Core metadata ("Core metadata specifications", versions 1.0 to 2.4) and the other e-mail style files of a
// wheel, such as WHEEL (PEP 427).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "packaging/requirement.hpp"
#include "packaging/version.hpp"

namespace wheelbarrow::packaging {

// Fields in file order, names as written, continuation lines folded in; the body after the blank line is left
// out. Tolerates CRLF and a missing final newline.
using HeaderFields = std::vector<std::pair<std::string, std::string>>;
Result<HeaderFields> parse_header_fields(std::string_view text);

struct Metadata {
  std::string name;  // as written
  Version version;
  std::string summary;
  SpecifierSet requires_python;  // empty: any
  std::vector<Requirement> requires_dist;
  std::vector<std::string> provides_extra;  // canonical
};

// Metadata-Version, Name and Version are required; unknown fields and versions above 2.4 within major version
// 2 are tolerated. A Requires-Dist that can't be parsed is an error that quotes it.
Result<Metadata> parse_metadata(std::string_view text);

}  // namespace wheelbarrow::packaging
