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
  Version metadata_version;
  std::string name;  // as written
  Version version;
  std::string summary;
  SpecifierSet requires_python;  // empty: any
  std::vector<Requirement> requires_dist;
  std::vector<std::string> provides_extra;  // canonical
};

// The newest Metadata-Version that is known whole. Who shows a wheel to a human should warn of a newer one.
inline constexpr std::string_view known_metadata_version = "2.4";

// Metadata-Version, Name and Version are required; unknown fields and versions above the known one within
// major version 2 are tolerated. A value that can't be parsed is an error that quotes it and says at which
// column of it what was expected.
Result<Metadata> parse_metadata(std::string_view text);

}  // namespace wheelbarrow::packaging
