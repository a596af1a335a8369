#include "resolver/request.hpp"

#include <algorithm>
#include <iterator>

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using packaging::Specifier;
using wheelhouse::Wheel;

bool is_pin(const Specifier& clause) {
  return clause.op() == Specifier::Operator::arbitrary ||
         (clause.op() == Specifier::Operator::equal && !clause.str().ends_with(".*"));
}

// PEP 592 lets whoever asks for exactly this version have it although it was yanked.
bool is_pinned(const Request& request, const Wheel& wheel) {
  const auto pins_it = [&](const Requirement* requirement) {
    return requirement->name == wheel.name() &&
           std::ranges::any_of(requirement->specifier.clauses(), [&](const Specifier& clause) {
             return is_pin(clause) && clause.contains(wheel.version());
           });
  };
  return std::ranges::any_of(request.asked, pins_it) || std::ranges::any_of(request.constraints, pins_it);
}

bool has_given_hash(const Hashes& hashes, const Wheel& wheel) {
  const auto given = hashes.find(wheel.name());
  return given != hashes.end() && given->second.contains(wheel.sha256.hex());
}

// What a large request says of one project.
Request part_about(const Request& whole, const std::string& project) {
  const auto is_about = [&](const Requirement* requirement) { return requirement->name == project; };
  Request part{{}, {}, whole.hashes, whole.any_prerelease};
  std::ranges::copy_if(whole.asked, std::back_inserter(part.asked), is_about);
  std::ranges::copy_if(whole.constraints, std::back_inserter(part.constraints), is_about);
  return part;
}

}  // namespace

std::vector<Obstacle> obstacles(CandidatePool& pool, const Request& whole, ProjectId project) {
  const Request request = part_about(whole, pool.project(project).name);
  const auto& candidates = pool.project(project).candidates;
  std::vector<Obstacle> found;
  found.reserve(candidates.size());
  bool has_yanked = false;
  bool has_other = false;  // that meets what is asked and is not yanked
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Wheel& wheel = *candidates[i].wheel;
    Obstacle obstacle = Obstacle::none;
    if (ruling_constraint(request, wheel) != nullptr) {
      obstacle = Obstacle::constraint;
    } else if (request.hashes != nullptr && !has_given_hash(*request.hashes, wheel)) {
      obstacle = Obstacle::hash;
    } else if (wheel.yanked) {
      has_yanked = true;
    } else {
      has_other = has_other || meets_asked(pool, request, project, i);
    }
    found.push_back(obstacle);
  }
  if (!has_yanked) return found;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Wheel& wheel = *candidates[i].wheel;
    if (found[i] == Obstacle::none && wheel.yanked && (has_other || !is_pinned(request, wheel))) {
      found[i] = Obstacle::yanked;
    }
  }
  return found;
}

bool asks_for_prereleases(const CandidatePool& pool, const Request& request, ProjectId project) {
  const auto names_one = [&](const Requirement* requirement) {
    return requirement->name == pool.project(project).name && requirement->specifier.names_prerelease();
  };
  return std::ranges::any_of(request.asked, names_one) || std::ranges::any_of(request.constraints, names_one);
}

bool meets_asked(CandidatePool& pool, const Request& request, ProjectId project, std::size_t candidate) {
  return std::ranges::all_of(request.asked, [&](const Requirement* requirement) {
    return requirement->name != pool.project(project).name || pool.matches(project, *requirement)[candidate];
  });
}

const Requirement* ruling_constraint(const Request& request, const Wheel& wheel) {
  const auto found = std::ranges::find_if(request.constraints, [&](const Requirement* constraint) {
    return constraint->name == wheel.name() && !constraint->specifier.contains(wheel.version());
  });
  return found == request.constraints.end() ? nullptr : *found;
}

}  // namespace wheelbarrow::resolver
