// Backtracking with conflict-directed backjumping.
//
// A decision chooses a candidate for one project. It puts the candidate's requirements in force as demands;
// each demand excludes those candidates of its project that it does not admit, and remembers which decisions
// it follows from. When a project has no candidate left, or a demand excludes a candidate that is already
// chosen, the decisions behind the demands involved are to blame, and only they: the search returns to the
// latest of them and tries its next candidate, skipping every decision in between that had no part in it. A
// decision without a candidate left hands its blame on in the same way; when nobody is left to blame, there
// is no solution. For example, with a (2, 1), b (9 versions) and c decided in this order, and "c requires
// a<2": plain backtracking would try nine versions of b before it touches a, this search tries none of them.
//
// A candidate that fails with nobody but itself to blame can never be part of a solution and is banned for
// good.
//
// The order of decisions is that in which projects come in, what is asked for first; a project with one
// candidate left comes before all others, because it has no choice. Candidates are tried best first, so the
// result is the best for the first project, then for the second, and so on. Nothing here recurses; the memory
// is bounded by the projects met and the demands in force, the time by the number of candidates tried.
#include "resolver/search.hpp"

#include <algorithm>
#include <utility>

namespace wheelbarrow::resolver {

Search::Search(CandidatePool& pool, std::span<const packaging::Requirement* const> asked,
               PrereleasePolicy policy, std::size_t max_steps)
    : pool_(pool), asked_(asked.begin(), asked.end()), policy_(policy), max_steps_(max_steps) {}

Search::ProjectState& Search::state(ProjectId project) {
  while (states_.size() <= project) {
    const std::size_t candidates = pool_.project(static_cast<ProjectId>(states_.size())).candidates.size();
    ProjectState& made = states_.emplace_back();
    made.exclusions.resize(candidates);
    made.alive = candidates;
  }
  return states_[project];
}

SearchOutcome Search::run() {
  for (const packaging::Requirement* requirement : asked_) {
    if (add_demand({requirement, pool_.find(requirement->name), nullptr, std::nullopt, {}})) {
      return SearchOutcome::unsatisfiable;
    }
  }
  bool deeper = true;
  for (;;) {
    if (deeper) {
      const auto project = next_project();
      if (!project) return SearchOutcome::found;
      open_frame(*project);
    }
    Frame& frame = frames_.back();
    if (frame.next == frame.domain.size()) {
      Decisions blame = std::move(frame.blame);
      blame.merge(blame_domain(frame.project));
      frames_.pop_back();
      if (!backjump(std::move(blame))) return SearchOutcome::unsatisfiable;
      deeper = false;
      continue;
    }
    if (steps_++ == max_steps_) return SearchOutcome::gave_up;
    const std::size_t candidate = frame.domain[frame.next++];
    auto blame = decide(frame, candidate);
    deeper = !blame;
    if (!blame) continue;
    undecide(frame);
    blame->erase(static_cast<Decision>(frames_.size() - 1));
    if (blame->empty() && conflict_limit_ == 0) ban(frame.project, candidate);
    frame.blame.merge(*blame);
  }
}

// Unwinds to the latest decision to blame, which stays on top to try its next candidate.
bool Search::backjump(Decisions blame) {
  if (blame.empty()) return false;
  const Decision latest = *blame.rbegin();
  blame.erase(latest);
  while (frames_.size() > latest + 1) {
    undecide(frames_.back());
    frames_.pop_back();
  }
  Frame& frame = frames_.back();
  undecide(frame);
  frame.blame.merge(blame);
  return true;
}

std::optional<ProjectId> Search::next_project() {
  std::optional<ProjectId> first;
  for (const Demand& demand : demands_) {
    const ProjectState& project = state(demand.project);
    if (project.candidate) continue;
    if (project.alive == 1) return demand.project;
    if (!first) first = demand.project;
  }
  return first;
}

void Search::open_frame(ProjectId project) {
  const ProjectState& current = state(project);
  const auto& candidates = pool_.project(project).candidates;
  Frame frame;
  frame.project = project;
  frame.demand_mark = demands_.size();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (current.exclusions[i] == 0) frame.domain.push_back(i);
  }
  if (current.prerelease_demands == 0) {
    const auto prereleases = std::ranges::stable_partition(
        frame.domain, [&](std::size_t i) { return !candidates[i].wheel->version().is_prerelease(); });
    const bool has_final = prereleases.begin() != frame.domain.begin();
    if (policy_ == PrereleasePolicy::without_alternative && has_final && !prereleases.empty()) {
      held_back_ = true;
      frame.domain.erase(prereleases.begin(), prereleases.end());
    }
  }
  frames_.push_back(std::move(frame));
}

std::optional<Search::Decisions> Search::decide(Frame& frame, std::size_t candidate) {
  const auto decision = static_cast<Decision>(frames_.size() - 1);
  ProjectState& current = state(frame.project);
  current.candidate = candidate;
  current.decision = decision;
  const std::size_t first_demand = current.demands.front();
  if (auto blame = demand_dependencies(frame.project, {}, first_demand, {decision})) return blame;
  const std::vector<std::size_t> demands =
      state(frame.project).demands;  // a copy: the dependencies may add some
  for (const std::size_t demand : demands) {
    if (demand >= frame.demand_mark) break;  // propagate() sees to the new ones
    if (auto blame = demand_extras(demand)) return blame;
  }
  return propagate(frame.demand_mark);
}

void Search::undecide(Frame& frame) {
  retract_demands(frame.demand_mark);
  state(frame.project).candidate.reset();
}

void Search::ban(ProjectId project, std::size_t candidate) {
  ProjectState& banned = state(project);
  if (banned.exclusions[candidate]++ == 0) --banned.alive;
}

std::optional<Search::Decisions> Search::demand_dependencies(ProjectId project, const std::string& extra,
                                                             std::size_t parent, const Decisions& reasons) {
  const std::size_t candidate = *state(project).candidate;
  const wheelhouse::Wheel* const source = pool_.project(project).candidates[candidate].wheel.get();
  for (const Dependency& dependency : pool_.dependencies(project, candidate, extra)) {
    if (auto blame = add_demand({dependency.requirement, dependency.project, source, parent, reasons})) {
      return blame;
    }
  }
  return std::nullopt;
}

std::optional<Search::Decisions> Search::propagate(std::size_t from) {
  for (std::size_t i = from; i < demands_.size(); ++i) {
    if (auto blame = demand_extras(i)) return blame;
  }
  return std::nullopt;
}

// A demand for extras of a project that is decided already brings in what they need, once per extra.
std::optional<Search::Decisions> Search::demand_extras(std::size_t demand) {
  const ProjectId project = demands_[demand].project;
  const ProjectState& current = state(project);
  if (!current.candidate) return std::nullopt;
  Decisions reasons = demands_[demand].reasons;
  reasons.insert(current.decision);
  for (const std::string& extra : demands_[demand].requirement->extras) {
    const auto& earlier = state(project).demands;
    const bool is_known = std::ranges::any_of(earlier, [&](std::size_t other) {
      return other < demand && demands_[other].requirement->extras.contains(extra);
    });
    if (is_known) continue;
    if (auto blame = demand_dependencies(project, extra, demand, reasons)) return blame;
  }
  return std::nullopt;
}

std::optional<Search::Decisions> Search::add_demand(Demand demand) {
  const ProjectId project = demand.project;
  const packaging::Requirement& requirement = *demand.requirement;
  const std::vector<bool>& matches = pool_.matches(project, requirement);
  const std::size_t index = demands_.size();
  demands_.push_back(std::move(demand));
  ProjectState& current = state(project);
  current.demands.push_back(index);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (!matches[i] && current.exclusions[i]++ == 0) --current.alive;
  }
  for (const std::string& extra : requirement.extras) ++current.extras[extra];
  if (requirement.specifier.names_prerelease()) ++current.prerelease_demands;

  if (current.alive == 0) {
    const auto demands = minimal_demands(project);
    record(project, nullptr, demands);
    return blame_demands(demands);
  }
  if (current.candidate && !matches[*current.candidate]) {
    record(project, pool_.project(project).candidates[*current.candidate].wheel.get(), {&index, 1});
    Decisions blame = demands_[index].reasons;
    blame.insert(current.decision);
    return blame;
  }
  return std::nullopt;
}

void Search::retract_demands(std::size_t mark) {
  while (demands_.size() > mark) {
    const Demand& demand = demands_.back();
    ProjectState& current = state(demand.project);
    const std::vector<bool>& matches = pool_.matches(demand.project, *demand.requirement);
    for (std::size_t i = 0; i < matches.size(); ++i) {
      if (!matches[i] && --current.exclusions[i] == 0) ++current.alive;
    }
    for (const std::string& extra : demand.requirement->extras) {
      const auto entry = current.extras.find(extra);
      if (--entry->second == 0) current.extras.erase(entry);
    }
    if (demand.requirement->specifier.names_prerelease()) --current.prerelease_demands;
    current.demands.pop_back();
    demands_.pop_back();
  }
}

// Of the demands on a project without a candidate left, a subset that already leaves none, preferring early
// ones: the fewer decisions are to blame, the further the search can jump. At least one, because without any
// demand the project would not be needed.
std::vector<std::size_t> Search::minimal_demands(ProjectId project) {
  ProjectState& current = state(project);
  std::vector<std::uint32_t> exclusions = current.exclusions;
  std::vector<std::size_t> kept = current.demands;
  for (std::size_t i = kept.size(); i-- > 0 && kept.size() > 1;) {
    const auto& matches = pool_.matches(project, *demands_[kept[i]].requirement);
    bool is_needed = false;
    for (std::size_t c = 0; c < matches.size() && !is_needed; ++c)
      is_needed = !matches[c] && exclusions[c] == 1;
    if (is_needed) continue;
    for (std::size_t c = 0; c < matches.size(); ++c) {
      if (!matches[c]) --exclusions[c];
    }
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return kept;
}

Search::Decisions Search::blame_demands(std::span<const std::size_t> demands) const {
  Decisions blame;
  for (const std::size_t demand : demands) {
    blame.insert(demands_[demand].reasons.begin(), demands_[demand].reasons.end());
  }
  return blame;
}

// Those that made the project needed and those that took candidates from it.
Search::Decisions Search::blame_domain(ProjectId project) {
  const std::vector<std::size_t>& demands = state(project).demands;
  std::vector<std::size_t> involved = {demands.front()};
  for (const std::size_t demand : demands) {
    const auto& matches = pool_.matches(project, *demands_[demand].requirement);
    if (std::ranges::find(matches, false) != matches.end()) involved.push_back(demand);
  }
  return blame_demands(involved);
}

Chain Search::chain_of(std::size_t demand) const {
  Chain chain;
  for (std::optional<std::size_t> link = demand; link; link = demands_[*link].parent) {
    chain.push_back({demands_[*link].source, demands_[*link].requirement});
  }
  std::ranges::reverse(chain);
  return chain;
}

void Search::record(ProjectId project, const wheelhouse::Wheel* chosen,
                    std::span<const std::size_t> demands) {
  if (conflicts_.size() >= conflict_limit_) return;
  Conflict conflict{project, chosen, {}};
  for (const std::size_t demand : demands) conflict.demands.push_back(chain_of(demand));
  conflicts_.push_back(std::move(conflict));
}

std::vector<Choice> Search::choices() {
  std::vector<Choice> choices;
  std::map<const wheelhouse::Wheel*, std::set<ProjectId>> depends;
  for (const Demand& demand : demands_) {
    if (demand.source != nullptr) depends[demand.source].insert(demand.project);
  }
  for (const Frame& frame : frames_) {
    const ProjectState& chosen = state(frame.project);
    Choice choice{frame.project, *chosen.candidate, {}, {}};
    for (const auto& [extra, count] : chosen.extras) choice.extras.push_back(extra);
    auto& needed = depends[pool_.project(frame.project).candidates[*chosen.candidate].wheel.get()];
    needed.erase(frame.project);
    choice.depends.assign(needed.begin(), needed.end());
    choices.push_back(std::move(choice));
  }
  return choices;
}

}  // namespace wheelbarrow::resolver
