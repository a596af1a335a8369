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
// The order of decisions is that in which projects come up: first what is asked for, by name, then what that
// needs, and so on, breadth first and each wheel's requirements in the order of its METADATA. Candidates are
// tried best first, so the result is the best possible for the first project, the best that this leaves
// possible for the second, and so on. A project with one candidate left is decided before its turn: it has no
// choice, so nothing changes but that contradictions show early.
//
// Pre-releases. PEP 440 takes one where a specifier names one or where no final release fits. Both depend on
// all requirements on the project, of which some may come up after it was decided. So a pre-release is tried,
// after the final releases, even where it is not welcome yet; when everything is decided, those that nobody
// welcomed are found out. Then any decision may be to blame. What keeps this rare is that a requirement which
// would welcome it must be somewhere in the catalog; if none is, the pre-release is out at once.
//
// Nothing here recurses; the memory is bounded by the projects met and the demands in force, the time by the
// number of candidates tried.
#include "resolver/search.hpp"

#include <algorithm>
#include <utility>

namespace wheelbarrow::resolver {

using packaging::Requirement;

Search::Search(CandidatePool& pool, const Request& request, std::size_t max_steps)
    : pool_(pool), request_(request), max_steps_(max_steps) {}

Search::ProjectState& Search::state(ProjectId project) {
  while (states_.size() <= project) states_.push_back(make_state(static_cast<ProjectId>(states_.size())));
  return states_[project];
}

Search::ProjectState Search::make_state(ProjectId project) {
  const auto& candidates = pool_.project(project).candidates;
  ProjectState made;
  made.project = &pool_.project(project);
  made.asks_for_prereleases = asks_for_prereleases(pool_, request_, project);
  made.exclusions.resize(candidates.size());
  made.banned.resize(candidates.size());
  const std::vector<Obstacle> out = obstacles(pool_, request_, project);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (out[i] != Obstacle::none) {
      made.exclusions[i] = 1;
      continue;
    }
    ++made.alive;
    if (!candidates[i].is_prerelease) ++made.fitting_finals;
  }
  return made;
}

void Search::exclude(ProjectState& state, std::size_t candidate) {
  if (state.exclusions[candidate]++ > 0) return;
  if (!state.banned[candidate]) --state.alive;
  if (!state.project->candidates[candidate].is_prerelease) --state.fitting_finals;
}

void Search::readmit(ProjectState& state, std::size_t candidate) {
  if (--state.exclusions[candidate] > 0) return;
  if (!state.banned[candidate]) ++state.alive;
  if (!state.project->candidates[candidate].is_prerelease) ++state.fitting_finals;
}

void Search::ban(ProjectId project, std::size_t candidate) {
  ProjectState& current = state(project);
  if (current.banned[candidate]) return;
  current.banned[candidate] = true;
  if (current.exclusions[candidate] == 0) --current.alive;
}

SearchOutcome Search::run() {
  for (const Requirement* requirement : request_.asked) {
    const ProjectId project = pool_.find(requirement->name);
    if (add_demand({requirement, project, nullptr, nullptr, std::nullopt, {}}))
      return SearchOutcome::unsatisfiable;
    walk_into(project, *requirement);
  }
  bool deeper = true;
  for (;;) {
    if (deeper) {
      if (const auto project = next_project()) {
        open_frame(*project);
      } else if (!has_unwelcome_prerelease()) {
        return SearchOutcome::found;
      } else if (!backjump(blame_everyone())) {
        return SearchOutcome::unsatisfiable;
      }
    }
    Frame& frame = frames_.back();
    if (frame.next == frame.domain.size()) {
      if (conflict_limit_ > 0) note_roots(state(frame.project).demands);
      Decisions blame = std::move(frame.blame);
      blame.merge(blame_domain(frame.project));
      frames_.pop_back();
      if (!backjump(std::move(blame))) return SearchOutcome::unsatisfiable;
      deeper = false;
      continue;
    }
    if (steps_ == max_steps_) return SearchOutcome::gave_up;
    ++steps_;
    const std::size_t candidate = frame.domain[frame.next++];
    auto blame = decide(frame, candidate);
    if (pool_.is_exhausted()) return SearchOutcome::gave_up;
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
  if (const auto forced = next_forced()) return forced;
  for (; next_walked_ < walk_.size(); ++next_walked_) {
    const auto [project, extra] = walk_[next_walked_];
    const ProjectState& current = state(project);
    if (!current.candidate) return project;
    for (const Dependency& dependency : pool_.dependencies(project, *current.candidate, extra)) {
      walk_into(dependency.project, *dependency.requirement);
    }
  }
  return std::nullopt;
}

std::optional<ProjectId> Search::next_forced() {
  while (next_forced_ < forced_.size()) {
    const ProjectId project = forced_[next_forced_++];
    const ProjectState& current = state(project);
    if (!current.candidate && current.alive == 1) return project;
  }
  return std::nullopt;
}

void Search::walk_into(ProjectId project, const Requirement& requirement) {
  ProjectState& current = state(project);
  if (!current.is_walked) walk_.push_back({project, {}});
  current.is_walked = true;
  for (const std::string& extra : requirement.extras) {
    if (current.walked_extras.insert(extra).second) walk_.push_back({project, extra});
  }
}

void Search::open_frame(ProjectId project) {
  const ProjectState& current = state(project);
  const auto& candidates = pool_.project(project).candidates;
  Frame frame;
  frame.project = project;
  frame.demand_mark = demands_.size();
  frame.forced_mark = forced_.size();
  frame.next_forced = next_forced_;
  frame.walk_mark = walk_.size();
  frame.next_walked = next_walked_;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (current.exclusions[i] == 0 && !current.banned[i]) frame.domain.push_back(i);
  }
  if (!current.asks_for_prereleases) {
    std::ranges::stable_partition(frame.domain, [&](std::size_t i) { return !candidates[i].is_prerelease; });
  }
  frames_.push_back(std::move(frame));
}

// Whether a pre-release may be chosen as things stand.
bool Search::is_welcome(const ProjectState& project) const {
  return request_.any_prerelease || project.asks_for_prereleases || project.prerelease_demands > 0 ||
         project.fitting_finals == 0;
}

// False if a final release will fit for ever, because no requirement in the catalog admits this pre-release
// and either names one or rules that final release out.
bool Search::could_be_welcome(ProjectId project, std::size_t prerelease) {
  const auto& candidates = pool_.project(project).candidates;
  const auto& requirements = pool_.requirements_on(project);
  const std::vector<Obstacle> out = obstacles(pool_, request_, project);
  const auto stays = [&](std::size_t final_release) {
    return std::ranges::none_of(requirements, [&](const Requirement* requirement) {
      const auto& matches = pool_.matches(project, *requirement);
      return matches[prerelease] && (requirement->specifier.names_prerelease() || !matches[final_release]);
    });
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].is_prerelease || out[i] != Obstacle::none) continue;
    if (meets_asked(pool_, request_, project, i) && stays(i)) return false;
  }
  return true;
}

bool Search::has_unwelcome_prerelease() {
  return std::ranges::any_of(frames_, [&](const Frame& frame) {
    const ProjectState& current = state(frame.project);
    return pool_.project(frame.project).candidates[*current.candidate].is_prerelease && !is_welcome(current);
  });
}

std::optional<Search::Decisions> Search::decide(Frame& frame, std::size_t candidate) {
  const auto decision = static_cast<Decision>(frames_.size() - 1);
  ProjectState& current = state(frame.project);
  if (pool_.project(frame.project).candidates[candidate].is_prerelease && !is_welcome(current) &&
      !could_be_welcome(frame.project, candidate)) {
    return Decisions{};
  }
  current.candidate = candidate;
  current.decision = decision;
  const std::size_t first_demand = current.demands.front();
  if (auto blame = demand_dependencies(frame.project, {}, first_demand, {decision})) return blame;
  const std::vector<std::size_t> demands = current.demands;  // a copy: the dependencies may add some
  for (const std::size_t demand : demands) {
    if (demand >= frame.demand_mark) break;  // propagate() sees to the new ones
    if (auto blame = demand_extras(demand)) return blame;
  }
  return propagate(frame.demand_mark);
}

void Search::undecide(Frame& frame) {
  retract_demands(frame.demand_mark);
  state(frame.project).candidate.reset();
  forced_.resize(frame.forced_mark);
  next_forced_ = frame.next_forced;
  while (walk_.size() > frame.walk_mark) {
    const auto& [project, extra] = walk_.back();
    if (extra.empty()) {
      state(project).is_walked = false;
    } else {
      state(project).walked_extras.erase(extra);
    }
    walk_.pop_back();
  }
  next_walked_ = frame.next_walked;
}

std::optional<Search::Decisions> Search::demand_dependencies(ProjectId project, const std::string& extra,
                                                             std::size_t parent, const Decisions& reasons) {
  const std::size_t candidate = *state(project).candidate;
  const wheelhouse::Wheel* const source = pool_.project(project).candidates[candidate].wheel.get();
  for (const Dependency& dependency : pool_.dependencies(project, candidate, extra)) {
    if (auto blame =
            add_demand({dependency.requirement, dependency.project, source, nullptr, parent, reasons})) {
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
  if (!current.candidate || demands_[demand].requirement->extras.empty()) return std::nullopt;
  Decisions reasons = demands_[demand].reasons;
  reasons.insert(current.decision);
  for (const std::string& extra : demands_[demand].requirement->extras) {
    const auto& earlier = state(project).demands;
    const bool is_known = std::ranges::any_of(earlier, [&](std::size_t other) {
      return other < demand && demands_[other].requirement->extras.contains(extra);
    });
    if (is_known) continue;
    if (auto blame = demand_dependencies(project, extra, demand, reasons)) return blame;
    if (pool_.is_exhausted()) return Decisions();
  }
  return std::nullopt;
}

std::optional<Search::Decisions> Search::add_demand(Demand demand) {
  const ProjectId project = demand.project;
  const Requirement& requirement = *demand.requirement;
  const Reach& reach = pool_.reach(project, requirement);
  demand.reach = &reach;
  const std::size_t index = demands_.size();
  demands_.push_back(std::move(demand));
  ProjectState& current = state(project);
  current.demands.push_back(index);
  const std::size_t alive_before = current.alive;
  for (const std::uint32_t miss : reach.misses) exclude(current, miss);
  if (current.alive == 1 && (alive_before > 1 || current.demands.size() == 1)) forced_.push_back(project);
  for (const std::string& extra : requirement.extras) ++current.extras[extra];
  if (reach.names_prerelease) ++current.prerelease_demands;

  if (current.alive == 0) {
    const auto demands = minimal_demands(project);
    record(project, nullptr, demands);
    return blame_demands(demands);
  }
  if (current.candidate && !reach.matches[*current.candidate]) {
    record(project, current.project->candidates[*current.candidate].wheel.get(), {&index, 1});
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
    for (const std::uint32_t miss : demand.reach->misses) readmit(current, miss);
    for (const std::string& extra : demand.requirement->extras) {
      const auto entry = current.extras.find(extra);
      if (--entry->second == 0) current.extras.erase(entry);
    }
    if (demand.reach->names_prerelease) --current.prerelease_demands;
    current.demands.pop_back();
    demands_.pop_back();
  }
}

// Of the demands on a project without a candidate left, a subset that already leaves none, preferring early
// ones: the fewer decisions are to blame, the further the search can jump. At least one, because without any
// demand the project would not be needed.
std::vector<std::size_t> Search::minimal_demands(ProjectId project) {
  const ProjectState& current = state(project);
  std::vector<std::uint32_t> exclusions = current.exclusions;
  std::vector<std::size_t> kept = current.demands;
  for (std::size_t i = kept.size(); i-- > 0 && kept.size() > 1;) {
    const auto& misses = demands_[kept[i]].reach->misses;
    const bool is_needed = std::ranges::any_of(
        misses, [&](std::uint32_t miss) { return exclusions[miss] == 1 && !current.banned[miss]; });
    if (is_needed) continue;
    for (const std::uint32_t miss : misses) --exclusions[miss];
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
    if (!demands_[demand].reach->misses.empty()) involved.push_back(demand);
  }
  return blame_demands(involved);
}

Search::Decisions Search::blame_everyone() const {
  Decisions blame;
  for (Decision decision = 0; decision < frames_.size(); ++decision) blame.insert(blame.end(), decision);
  return blame;
}

Chain Search::chain_of(std::size_t demand) const {
  Chain chain;
  for (std::optional<std::size_t> link = demand; link; link = demands_[*link].parent) {
    chain.push_back({demands_[*link].source, demands_[*link].requirement});
  }
  std::ranges::reverse(chain);
  return chain;
}

void Search::note_roots(std::span<const std::size_t> demands) {
  for (std::size_t demand : demands) {
    while (demands_[demand].parent) demand = *demands_[demand].parent;
    roots_.insert(demands_[demand].requirement);
  }
}

void Search::record(ProjectId project, const wheelhouse::Wheel* chosen,
                    std::span<const std::size_t> demands) {
  ++state(project).conflicts;
  if (conflict_limit_ == 0) return;
  // What brought in a wheel that was chosen before has a part in it, too.
  note_roots(chosen == nullptr ? demands : state(project).demands);
  if (conflicts_.size() >= conflict_limit_) return;
  Conflict conflict{project, chosen, {}};
  for (const std::size_t demand : demands) conflict.demands.push_back(chain_of(demand));
  conflicts_.push_back(std::move(conflict));
}

std::vector<ProjectId> Search::most_contested(std::size_t limit) const {
  std::vector<ProjectId> contested;
  for (ProjectId project = 0; project < states_.size(); ++project) {
    if (states_[project].conflicts > 0) contested.push_back(project);
  }
  std::ranges::stable_sort(contested, std::ranges::greater{},
                           [&](ProjectId project) { return states_[project].conflicts; });
  if (contested.size() > limit) contested.resize(limit);
  return contested;
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
