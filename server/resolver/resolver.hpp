// Requirement set x target x catalog -> lock, or an explanation why not. Pure: same input, same lock, no I/O.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "packaging/requirement.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::resolver {

struct LockedWheel {
  wheelhouse::WheelPtr wheel;
  std::vector<std::string> extras;  // canonical, sorted: those that were asked for by anyone
  std::vector<std::string>
      depends;  // canonical names of other members of the lock that this one needs, sorted
};

// The exact wheels that a requirement set resolves to on a target.
struct Lock {
  std::string target;                     // Target::name()
  std::vector<std::string> requirements;  // canonical form of the set: normalized, sorted, without repeats
  // What a wheel depends on stands before it (cycles are broken by name); otherwise ordered by name. No
  // project occurs twice.
  std::vector<LockedWheel> wheels;
};

// The canonical form of a requirement set: each requirement normalized, sorted, without repeats. Equal sets
// give equal vectors, so it can be a cache key.
std::vector<std::string> canonical_set(std::span<const packaging::Requirement> requirements);

// Chooses the highest version of each project that satisfies everything, with backtracking; among equal
// versions the wheel whose tag ranks best on the target, then the highest build number. Pre-releases only
// where a specifier names one or nothing else exists. ErrorKind::unsatisfiable carries an explanation in
// sentences, one per line; ErrorKind::invalid_input is for requirements that can't be looked up at all
// (direct URLs); ErrorKind::limit if the search passes `max_steps` candidate trials.
Result<Lock> resolve(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                     std::span<const packaging::Requirement> requirements, std::size_t max_steps = 200'000);

}  // namespace wheelbarrow::resolver
