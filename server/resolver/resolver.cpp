#include "resolver/resolver.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "resolver/candidate_pool.hpp"
#include "resolver/explanation.hpp"
#include "resolver/lock_order.hpp"
#include "resolver/search.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using Asked = std::vector<const Requirement*>;

// Bounds on the work that explaining a failure may cost, beside that of finding it.
constexpr std::size_t explanation_steps = 2'000;  // per search
constexpr std::size_t most_asked_to_minimize = 100;
constexpr std::size_t recorded_conflicts = 500;

Result<void> check_asked(std::span<const Requirement> requirements) {
  if (requirements.empty()) {
    return fail(ErrorKind::invalid_input,
                "nothing is asked for; give at least one requirement such as numpy>=2");
  }
  for (const Requirement& requirement : requirements) {
    if (!requirement.url.empty()) {
      return fail(
          ErrorKind::invalid_input,
          "direct URLs are not served; put the wheel into the wheelhouse and ask for " + requirement.name,
          requirement.str());
    }
  }
  return {};
}

// In canonical order, so that equal sets give equal locks; without those whose marker does not hold here.
Asked applicable(std::span<const Requirement> requirements, const packaging::Target& target) {
  std::map<std::string, const Requirement*> sorted;
  for (const Requirement& requirement : requirements) {
    if (!requirement.marker || requirement.marker->evaluate(target.markers())) {
      sorted.emplace(requirement.str(), &requirement);
    }
  }
  Asked asked;
  for (const auto& [text, requirement] : sorted) asked.push_back(requirement);
  return asked;
}

Lock make_lock(CandidatePool& pool, Search& search, std::span<const Requirement> requirements) {
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
  lock.requirements = canonical_set(requirements);
  for (const std::size_t place : order_by_dependency(nodes)) {
    const Choice& choice = choices[place];
    LockedWheel& locked = lock.wheels.emplace_back();
    locked.wheel = pool.project(choice.project).candidates[choice.candidate].wheel;
    locked.extras = choice.extras;
    for (const std::size_t needed : nodes[place].depends) locked.depends.push_back(nodes[needed].name);
    std::ranges::sort(locked.depends);
  }
  return lock;
}

// Those of the asked requirements that no wheel meets, each by itself: the usual mistakes, all at once.
std::vector<Conflict> direct_faults(CandidatePool& pool, const Asked& asked) {
  std::vector<Conflict> faults;
  for (const Requirement* requirement : asked) {
    const ProjectId project = pool.find(requirement->name);
    const auto& matches = pool.matches(project, *requirement);
    if (std::ranges::find(matches, true) == matches.end()) {
      faults.push_back({project, nullptr, {{{nullptr, requirement}}}});
    }
  }
  return faults;
}

bool is_unsatisfiable(CandidatePool& pool, const Asked& asked) {
  Search search(pool, asked, PrereleasePolicy::last_resort, explanation_steps);
  return search.run() == SearchOutcome::unsatisfiable;
}

// A subset that still can't be met and of which nothing can be left out (as far as the bounds allow).
Asked minimal_clash(CandidatePool& pool, Asked asked) {
  if (asked.size() > most_asked_to_minimize) return asked;
  for (std::size_t i = asked.size(); i-- > 0 && asked.size() > 1;) {
    Asked fewer = asked;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_unsatisfiable(pool, fewer)) asked = std::move(fewer);
  }
  return asked;
}

std::string explain_failure(CandidatePool& pool, const Asked& asked) {
  if (const auto faults = direct_faults(pool, asked); !faults.empty()) return explain(pool, asked, faults);
  const Asked clash = minimal_clash(pool, asked);
  Search search(pool, clash, PrereleasePolicy::last_resort, explanation_steps);
  search.record_conflicts(recorded_conflicts);
  search.run();
  return explain(pool, clash, search.conflicts());
}

}  // namespace

std::vector<std::string> canonical_set(std::span<const Requirement> requirements) {
  std::vector<std::string> set;
  set.reserve(requirements.size());
  for (const Requirement& requirement : requirements) set.push_back(requirement.str());
  std::ranges::sort(set);
  const auto repeats = std::ranges::unique(set);
  set.erase(repeats.begin(), repeats.end());
  return set;
}

Result<Lock> resolve(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                     std::span<const Requirement> requirements, std::size_t max_steps) {
  if (auto checked = check_asked(requirements); !checked) return std::unexpected(std::move(checked.error()));
  CandidatePool pool(catalog, target);
  const Asked asked = applicable(requirements, target);
  std::size_t steps_left = max_steps;
  for (const auto policy : {PrereleasePolicy::without_alternative, PrereleasePolicy::last_resort}) {
    Search search(pool, asked, policy, steps_left);
    const SearchOutcome outcome = search.run();
    if (outcome == SearchOutcome::found) return make_lock(pool, search, requirements);
    if (outcome == SearchOutcome::gave_up) {
      return fail(ErrorKind::limit, "no answer after trying " + std::to_string(max_steps) +
                                        " wheels; narrow the requirements, for example by pinning versions");
    }
    steps_left -= std::min(steps_left, search.steps());
    if (!search.held_back_prereleases()) break;
  }
  return fail(ErrorKind::unsatisfiable, explain_failure(pool, asked));
}

}  // namespace wheelbarrow::resolver
