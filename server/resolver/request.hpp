// Private to this room: what one search is asked for, and which candidates that rules out from the start.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "packaging/requirement.hpp"
#include "resolver/candidate_pool.hpp"
#include "resolver/derivation.hpp"

namespace wheelbarrow::resolver {

using Hashes = std::map<std::string, std::set<std::string>>;

// REQUIRES: everything pointed to outlives the pool that it is used with; the markers hold on its target.
struct Request {
  std::vector<const packaging::Requirement*> asked;  // by project, as in the canonical form
  std::vector<const packaging::Requirement*> constraints;
  const Hashes* hashes = nullptr;  // null: none are given
  // Pre-releases are welcome everywhere, though no better than they are; for explanations only.
  bool any_prerelease = false;
};

// By candidate of the project: constraint, hash, yanked or none.
std::vector<Obstacle> obstacles(CandidatePool& pool, const Request& request, ProjectId project);

// Whether an asked requirement or a constraint on the project names a pre-release.
bool asks_for_prereleases(const CandidatePool& pool, const Request& request, ProjectId project);

// Whether the candidate meets every asked requirement on its project.
bool meets_asked(CandidatePool& pool, const Request& request, ProjectId project, std::size_t candidate);

// The first constraint that rules the version out; null if none does.
const packaging::Requirement* ruling_constraint(const Request& request, const wheelhouse::Wheel& wheel);

}  // namespace wheelbarrow::resolver
