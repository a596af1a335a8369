// One wheel for each kind of damage that must be noticed.
#pragma once

#include <string>
#include <vector>

namespace wheelbarrow::test {

struct DamagedWheel {
  std::string filename;  // names the kind
  std::string bytes;
  std::string expected;  // a phrase of the reason for which it is refused
};

// All of them: those below, one after the other.
std::vector<DamagedWheel> damaged_wheels();

// Zip files that are not what they seem.
std::vector<DamagedWheel> damaged_archives();
// Sound zip files whose entries may not be unpacked.
std::vector<DamagedWheel> damaged_trees();
// Sound trees that contradict themselves.
std::vector<DamagedWheel> damaged_descriptions();

}  // namespace wheelbarrow::test
