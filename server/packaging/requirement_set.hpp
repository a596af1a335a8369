// What is asked of a resolution (pip's requirements files hold the same three things).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "packaging/requirement.hpp"

namespace wheelbarrow::packaging {

// What one line allows of its project's wheels (pip's "--hash").
struct GivenHashes {
  std::string project;           // canonical
  std::optional<Marker> marker;  // of the line; it counts where this holds
  std::set<std::string> sha256;  // lower-case hexadecimal
};

struct RequirementSet {
  std::vector<Requirement> requirements;  // in the order asked
  // Bound what is chosen of their projects, and ask for nothing (pip's "--constraint"). They have a name, a
  // specifier and maybe a marker, but neither extras nor a URL.
  std::vector<Requirement> constraints;
  // A wheel must be allowed by every line on its project. If any line counts, every wheel that is chosen must
  // have one (pip's hash-checking mode).
  std::vector<GivenHashes> hashes;
};

}  // namespace wheelbarrow::packaging
