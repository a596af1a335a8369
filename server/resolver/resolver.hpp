// Requirement set x target x catalog -> lock, or an explanation why not. Pure: same input, same lock, no I/O.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "packaging/requirement_set.hpp"
#include "packaging/target.hpp"
#include "resolver/derivation.hpp"
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
  std::vector<std::string> requirements;  // of the canonical form of the set
  std::vector<std::string> constraints;   // the same
  // What a wheel depends on stands before it (cycles are broken by name); otherwise ordered by name. No
  // project occurs twice.
  std::vector<LockedWheel> wheels;
  // What is odd but no obstacle: an extra that a wheel does not have, a yanked wheel. One sentence each,
  // without a trailing full stop.
  std::vector<std::string> warnings;
};

// An error; where the requirements can't be met, its message is the explanation, in sentences, one per line,
// and the derivation says the same as data. Otherwise the derivation is empty.
struct Failure : Error {
  Failure(Error error, Derivation why = {})  // NOLINT(google-explicit-constructor): an Error is one, too
      : Error(std::move(error)), derivation(std::move(why)) {}

  Derivation derivation;
};

// The canonical form of a requirement set: sorted by project, and requirements on one project that agree in
// extras and marker merged into one ("numpy>=1" and "numpy<3" are "numpy<3,>=1"); constraints likewise. Equal
// sets have equal forms, whatever the order in which they were asked for.
packaging::RequirementSet canonical(const packaging::RequirementSet& set);

// The canonical form as text: requirements, "-c" and constraints, "--hash" and hashes. Equal sets give equal
// vectors, so it can be a cache key.
std::vector<std::string> canonical_set(const packaging::RequirementSet& set);

// Resolves the canonical form of the set: the order of asking means nothing, so that equal sets have equal
// locks (and bundles). Everything that is asked for and everything that the chosen wheels need on the target
// is met, with backtracking, and nothing else is in the lock. Which of the solutions:
//  - The projects that are asked for come first, by name: each has the best wheel that what came before it
//    leaves possible. Then what they need, breadth first, each wheel's requirements in METADATA's order.
//  - The best wheel is that of the highest version, then of the best tag on the target, then of the highest
//    build number. Final releases are better than pre-releases unless an asked requirement or a constraint on
//    the project names a pre-release.
//  - A pre-release is taken only where a requirement or constraint names one or no final release meets all
//    that the lock requires of its project (PEP 440 "Handling of pre-releases", as pip reads it).
//  - A yanked wheel (PEP 592) is taken only where an asked requirement or a constraint pins its version ("=="
//    without wildcard, "===") and no other wheel meets what is asked of its project.
//  - Constraints bound what is chosen and ask for nothing. If there are hashes, every wheel has one of its
//    project's.
//  - An extra that a wheel does not have is a warning, not an obstacle.
// ErrorKind::unsatisfiable carries an explanation; ErrorKind::invalid_input is for requirements that can't be
// looked up at all (direct URLs); ErrorKind::limit if the search passes `max_steps` candidate trials.
std::expected<Lock, Failure> resolve(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                                     const packaging::RequirementSet& set, std::size_t max_steps = 200'000);

}  // namespace wheelbarrow::resolver
