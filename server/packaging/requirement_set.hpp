// What is asked of a resolution (pip's requirements files hold the same three things).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "packaging/requirement.hpp"

namespace wheelbarrow::packaging {

struct RequirementSet {
  std::vector<Requirement> requirements;  // in the order asked
  // Bound what is chosen of their projects, and ask for nothing (pip's "--constraint"). They have a name, a
  // specifier and maybe a marker, but neither extras nor a URL.
  std::vector<Requirement> constraints;
  // By canonical project name, the SHA-256 hashes (lower-case hexadecimal) that a wheel of it may have (pip's
  // "--hash"). If there are any, every wheel that is chosen must have one (pip's hash-checking mode).
  std::map<std::string, std::set<std::string>> hashes;
};

}  // namespace wheelbarrow::packaging
