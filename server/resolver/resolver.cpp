#include "resolver/resolver.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "resolver/candidate_pool.hpp"
#include "resolver/diagnosis.hpp"
#include "resolver/explanation.hpp"
#include "resolver/lock_order.hpp"
#include "resolver/request.hpp"
#include "resolver/search.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using packaging::RequirementSet;

Result<void> check(const RequirementSet& set) {
  if (set.requirements.empty()) {
    return fail(ErrorKind::invalid_input,
                "nothing is asked for; give at least one requirement such as numpy>=2");
  }
  for (const Requirement& requirement : set.requirements) {
    if (!requirement.url.empty()) {
      return fail(
          ErrorKind::invalid_input,
          "direct URLs are not served; put the wheel into the wheelhouse and ask for " + requirement.name,
          requirement.str());
    }
  }
  for (const Requirement& constraint : set.constraints) {
    if (!constraint.url.empty() || !constraint.extras.empty()) {
      return fail(ErrorKind::invalid_input, "a constraint has a name and versions, no extras and no URL",
                  constraint.str());
    }
  }
  return {};
}

bool applies(const std::optional<packaging::Marker>& marker, const packaging::Target& target) {
  return !marker || marker->evaluate(target.markers());
}

std::vector<const Requirement*> applicable(const std::vector<Requirement>& requirements,
                                           const packaging::Target& target) {
  std::vector<const Requirement*> found;
  for (const Requirement& requirement : requirements) {
    if (applies(requirement.marker, target)) found.push_back(&requirement);
  }
  return found;
}

// By project, what all lines that count allow; nothing if none counts.
Hashes allowed_hashes(const RequirementSet& set, const packaging::Target& target) {
  Hashes allowed;
  for (const packaging::GivenHashes& given : set.hashes) {
    if (!applies(given.marker, target)) continue;
    const auto [place, is_new] = allowed.try_emplace(given.project, given.sha256);
    if (!is_new) std::erase_if(place->second, [&](const auto& hash) { return !given.sha256.contains(hash); });
  }
  return allowed;
}

Request request_of(const RequirementSet& set, const Hashes& hashes, const packaging::Target& target) {
  return {applicable(set.requirements, target), applicable(set.constraints, target),
          hashes.empty() ? nullptr : &hashes};
}

std::vector<std::string> texts_of(const std::vector<Requirement>& requirements) {
  std::vector<std::string> texts;
  texts.reserve(requirements.size());
  for (const Requirement& requirement : requirements) texts.push_back(requirement.str());
  return texts;
}

// Old wheels may use an extra in a marker without Provides-Extra.
bool has_extra(CandidatePool& pool, const Choice& choice, const std::string& extra) {
  const auto& wheel = *pool.project(choice.project).candidates[choice.candidate].wheel;
  return std::ranges::find(wheel.metadata.provides_extra, extra) != wheel.metadata.provides_extra.end() ||
         !pool.dependencies(choice.project, choice.candidate, extra).empty();
}

// As many as a person reads.
std::string join_first(const std::vector<std::string>& words) {
  constexpr std::size_t most = 20;
  if (words.size() <= most) return join(words);
  return join({words.begin(), words.begin() + most}) + " and " + std::to_string(words.size() - most) +
         " more";
}

// The extras, and the empty one that stands for none.
std::vector<std::string> with_none(std::vector<std::string> extras) {
  extras.emplace_back();
  return extras;
}

void append_warnings(CandidatePool& pool, const Choice& choice, std::vector<std::string>& warnings) {
  constexpr std::size_t most = 100;  // of addresses that aren't heeded, which a wheel may have thousands of
  const wheelhouse::Wheel& wheel = *pool.project(choice.project).candidates[choice.candidate].wheel;
  const std::string text = wheel.name() + ' ' + wheel.version().str();
  std::vector<std::string> unknown;
  std::ranges::copy_if(choice.extras, std::back_inserter(unknown),
                       [&](const std::string& extra) { return !has_extra(pool, choice, extra); });
  if (!unknown.empty()) {
    const auto& known = wheel.metadata.provides_extra;
    const std::string what = unknown.size() == 1 ? " has no extra '" + unknown.front() + "'; it has "
                                                 : " has no extras " + join_first(unknown) + "; it has ";
    warnings.push_back(text + what + (known.empty() ? "none" : join_first(known)));
  }
  for (const std::string& extra : with_none(choice.extras)) {
    for (const Dependency& needed : pool.dependencies(choice.project, choice.candidate, extra)) {
      if (needed.requirement->url.empty() || warnings.size() >= most) continue;
      warnings.push_back(text + " asks for " + needed.requirement->name + " from " + needed.requirement->url +
                         ", and gets the wheelhouse's");
    }
  }
  if (wheel.yanked) {
    warnings.push_back(text + " is yanked" + (wheel.yanked->empty() ? "" : " (\"" + *wheel.yanked + "\")"));
  }
}

Lock make_lock(CandidatePool& pool, Search& search, const RequirementSet& set) {
  const std::vector<Choice> choices = search.choices();
  std::map<ProjectId, std::size_t> places;
  for (std::size_t i = 0; i < choices.size(); ++i) places[choices[i].project] = i;
  std::vector<LockNode> nodes;
  for (const Choice& choice : choices) {
    LockNode& node = nodes.emplace_back();
    node.name = pool.project(choice.project).name;
    for (const ProjectId needed : choice.depends) node.depends.push_back(places.at(needed));
  }
  Lock lock;
  lock.target = pool.target().name();
  lock.requirements = texts_of(set.requirements);
  lock.constraints = texts_of(set.constraints);
  for (const std::size_t place : order_by_dependency(nodes)) {
    const Choice& choice = choices[place];
    LockedWheel& locked = lock.wheels.emplace_back();
    locked.wheel = pool.project(choice.project).candidates[choice.candidate].wheel;
    locked.extras = choice.extras;
    for (const std::size_t needed : nodes[place].depends) locked.depends.push_back(nodes[needed].name);
    std::ranges::sort(locked.depends);
    append_warnings(pool, choice, lock.warnings);
  }
  return lock;
}

Failure gave_up(const CandidatePool& pool, const Search& search) {
  constexpr std::size_t most_named = 3;
  Derivation derivation;
  derivation.target = pool.target().name();
  derivation.python = pool.target().python().str();
  for (const ProjectId project : search.most_contested(most_named)) {
    derivation.stuck_on.push_back(pool.project(project).name);
  }
  std::string message = "no answer after trying " + std::to_string(search.steps()) + " wheels";
  if (derivation.stuck_on.empty()) {
    message += "; narrow the requirements, for example by pinning versions";
  } else {
    message += "; the search got stuck most often on " + join(derivation.stuck_on) +
               ": narrow the requirements there, for example by pinning versions";
  }
  return {Error{ErrorKind::limit, std::move(message)}, std::move(derivation)};
}

}  // namespace

std::expected<Lock, Failure> resolve(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                                     const RequirementSet& given, std::size_t max_steps) {
  const RequirementSet set = canonical(given);
  if (auto checked = check(set); !checked) return std::unexpected(Failure(std::move(checked.error())));
  CandidatePool pool(catalog, target);
  const Hashes hashes = allowed_hashes(set, target);
  const Request request = request_of(set, hashes, target);
  Search search(pool, request, max_steps);
  switch (search.run()) {
    case SearchOutcome::found:
      return make_lock(pool, search, set);
    case SearchOutcome::gave_up:
      return std::unexpected(gave_up(pool, search));
    case SearchOutcome::unsatisfiable:
      break;
  }
  Derivation derivation = diagnose(pool, request);
  std::string text = explain(derivation);
  return std::unexpected(Failure(Error{ErrorKind::unsatisfiable, std::move(text)}, std::move(derivation)));
}

}  // namespace wheelbarrow::resolver
