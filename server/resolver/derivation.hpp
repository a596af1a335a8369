// Why a requirement set can't be resolved, as data: what a program may read where a person reads the
// explanation, which is written from this and nothing else.
#pragma once

#include <string>
#include <vector>

#include "packaging/version.hpp"

namespace wheelbarrow::resolver {

// Why a wheel that the wheelhouse holds is no candidate, whatever else is chosen.
enum class Obstacle {
  none,
  other_target,  // its tags (PEP 425) are not of this target
  other_python,  // Requires-Python
  constraint,    // a constraint rules its version out
  hash,          // hashes are given, and it has none of its project's
  yanked,        // and no asked requirement or constraint pins its version (PEP 592)
  prerelease,    // a final release fits what is asked as well, and nothing asked names a pre-release
};

struct HeldWheel {
  std::string filename;
  packaging::Version version;
  Obstacle obstacle = Obstacle::none;
  // The tags, separated by spaces; the Requires-Python; the constraint; the wheel's own SHA-256; why it was
  // yanked. Empty for the others.
  std::string detail;
  std::vector<std::string> targets;  // for other_target: the known targets that would take it
};

// What the wheelhouse has of a project; of projects with a great many wheels the newest.
struct Holding {
  std::string project;
  std::vector<HeldWheel> wheels;           // from high versions to low
  std::vector<std::string> similar_names;  // if there are no wheels: of projects that there are
  bool has_hashes = true;                  // false: hashes are given, but none for this project
};

// One step of the way from an asked requirement to a demand on a project.
struct DemandLink {
  std::string requirement;                   // without its marker, which holds
  std::string project;                       // whose wheels have it; empty for an asked requirement
  std::vector<packaging::Version> versions;  // of those wheels, from high to low
};
using DemandChain = std::vector<DemandLink>;  // begins with an asked requirement

// Demands on one project that can't all be met.
struct Incompatibility {
  std::string project;
  // The versions that were chosen, for other reasons, when the demand came up; empty: no wheel at all meets
  // the demands.
  std::vector<packaging::Version> chosen;
  std::vector<DemandChain> demands;
};

// One step of a remedy.
struct Change {
  enum class Kind { replace, leave_out, add, lift_constraint };
  Kind kind = Kind::replace;
  std::string from;  // an asked requirement or a constraint; empty for `add`
  std::string to;    // for `replace` and `add`
};
using Remedy = std::vector<Change>;  // to be made together

struct Derivation {
  std::string target;
  std::string python;  // the target's, full version
  // The asked requirements that can't be met together, and the constraints that have a part in it. Nothing
  // can be left out of them, as far as the effort that goes into an explanation could tell.
  std::vector<std::string> asked;
  std::vector<std::string> constraints;
  std::vector<Incompatibility> incompatibilities;
  std::vector<Holding> holdings;  // of the projects in them
  std::vector<Remedy> remedies;   // each has been tried: with it the whole set resolves
  // Where the search gave up: the projects that took most of its time, the worst first.
  std::vector<std::string> stuck_on;

  bool empty() const { return incompatibilities.empty() && stuck_on.empty(); }
};

}  // namespace wheelbarrow::resolver
