// From "there is no solution" to something that a person can act on.
//
// The usual mistakes are requirements that no wheel meets by itself; they are found without a search and told
// together, the first few of them. Otherwise asked requirements clash. Those that have a part in it are found
// by leaving out one after the other as long as there is still no solution; what a search for the rest runs
// into is the proof, and its conflicts, those that differ only in versions merged, are told. Each search is
// cut short after some steps, and so are all of them together; then more may be told than is needed, but
// nothing false.
#include "resolver/diagnosis.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "resolver/remedies.hpp"
#include "resolver/search.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using packaging::Version;
using wheelhouse::Wheel;

constexpr std::size_t search_steps = 2'000;
constexpr std::size_t explanation_steps = 100'000;  // of all searches together
constexpr std::size_t most_asked_to_minimize = 100;
constexpr std::size_t recorded_conflicts = 500;
constexpr std::size_t most_incompatibilities = 8;
constexpr std::size_t most_held_wheels = 50;

std::vector<Conflict> direct_faults(CandidatePool& pool, const Request& request) {
  std::vector<Conflict> faults;
  for (const Requirement* requirement : request.asked) {
    const ProjectId project = pool.find(requirement->name);
    if (!has_candidate(pool, request, *requirement)) {
      faults.push_back({project, nullptr, {{{nullptr, requirement}}}});
    }
  }
  return faults;
}

bool is_unsatisfiable(CandidatePool& pool, const Request& request, Effort& effort) {
  Search search(pool, request, search_steps);
  return effort.run(search, request) == SearchOutcome::unsatisfiable;
}

// Leaves out what a first proof does not go back to: most of a large set, usually.
Request involved(CandidatePool& pool, const Request& request, Effort& effort) {
  Search search(pool, request, search_steps);
  search.record_conflicts(1);
  if (effort.run(search, request) != SearchOutcome::unsatisfiable) return request;
  Request fewer = request;
  std::erase_if(fewer.asked, [&](const Requirement* asked) { return !search.roots().contains(asked); });
  return is_unsatisfiable(pool, fewer, effort) ? fewer : request;
}

void minimize(CandidatePool& pool, Request& request, std::vector<const Requirement*> Request::* part,
              std::size_t least, Effort& effort) {
  for (std::size_t i = (request.*part).size(); i-- > 0 && (request.*part).size() > least;) {
    Request fewer = request;
    (fewer.*part).erase((fewer.*part).begin() + static_cast<std::ptrdiff_t>(i));
    if (is_unsatisfiable(pool, fewer, effort)) request = std::move(fewer);
  }
}

// A part of the request that still can't be met and of which nothing can be left out.
Request minimal_clash(CandidatePool& pool, const Request& request, Effort& effort) {
  Request clash = involved(pool, request, effort);
  if (clash.asked.size() > most_asked_to_minimize) return clash;
  minimize(pool, clash, &Request::constraints, 0, effort);
  minimize(pool, clash, &Request::asked, 1, effort);
  return clash;
}

// Conflicts that differ in nothing but versions have equal keys.
std::string conflict_key(const Conflict& conflict) {
  std::string key = std::to_string(conflict.project) + (conflict.chosen == nullptr ? "" : "!");
  for (const Chain& chain : conflict.demands) {
    key += '\n';
    for (const ChainLink& link : chain) {
      key +=
          (link.source == nullptr ? "" : link.source->name()) + ' ' + demand_text(*link.requirement) + '\t';
    }
  }
  return key;
}

void insert_version(std::vector<Version>& versions, const Version& version) {
  const auto place = std::ranges::lower_bound(versions, version, std::ranges::greater{});
  if (place == versions.end() || *place != version) versions.insert(place, version);
}

void merge_into(Incompatibility& merged, const Conflict& conflict) {
  if (conflict.chosen != nullptr) insert_version(merged.chosen, conflict.chosen->version());
  merged.demands.resize(conflict.demands.size());
  for (std::size_t i = 0; i < conflict.demands.size(); ++i) {
    DemandChain& chain = merged.demands[i];
    chain.resize(conflict.demands[i].size());
    for (std::size_t j = 0; j < chain.size(); ++j) {
      const ChainLink& link = conflict.demands[i][j];
      chain[j].requirement = demand_text(*link.requirement);
      if (link.source == nullptr) continue;
      chain[j].project = link.source->name();
      insert_version(chain[j].versions, link.source->version());
    }
  }
}

// Projects without any fitting wheel first: they need no further choice to be understood.
std::vector<Incompatibility> merge_conflicts(const CandidatePool& pool,
                                             const std::vector<Conflict>& conflicts) {
  std::vector<Incompatibility> merged;
  std::map<std::string, std::size_t> places;
  for (const Conflict& conflict : conflicts) {
    const auto [place, is_new] = places.try_emplace(conflict_key(conflict), merged.size());
    if (is_new) merged.emplace_back().project = pool.project(conflict.project).name;
    merge_into(merged[place->second], conflict);
  }
  std::ranges::stable_partition(merged, [](const Incompatibility& one) { return one.chosen.empty(); });
  if (merged.size() > most_incompatibilities) merged.resize(most_incompatibilities);
  return merged;
}

std::string tags_of(const Wheel& wheel) {
  std::string text;
  for (const packaging::Tag& tag : wheel.parsed.tags) text += (text.empty() ? "" : " ") + tag.str();
  return text;
}

std::string detail_of(const Request& request, const Wheel& wheel, Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::other_target:
      return tags_of(wheel);
    case Obstacle::other_python:
      return wheel.metadata.requires_python.str();
    case Obstacle::constraint:
      return demand_text(*ruling_constraint(request, wheel));
    case Obstacle::hash:
      return wheel.sha256.hex();
    case Obstacle::yanked:
      return wheel.yanked.value_or("");
    case Obstacle::none:
    case Obstacle::prerelease:
      break;
  }
  return {};
}

std::vector<std::string> targets_of(const Wheel& wheel) {
  std::vector<std::string> names;
  for (const packaging::Target& target : packaging::known_targets()) {
    const bool takes_it = target.rank(wheel.parsed.tags) && target.satisfies(wheel.metadata.requires_python);
    if (takes_it) names.push_back(target.name());
  }
  return names;
}

std::map<const Wheel*, Obstacle> obstacles_by_wheel(CandidatePool& pool, const Request& request,
                                                    ProjectId id) {
  const Project& project = pool.project(id);
  std::map<const Wheel*, Obstacle> found;
  for (const auto& wheel : project.for_other_targets) found[wheel.get()] = Obstacle::other_target;
  for (const auto& wheel : project.for_other_pythons) found[wheel.get()] = Obstacle::other_python;
  const std::vector<Obstacle> out = obstacles(pool, request, id);
  bool final_fits = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    found[project.candidates[i].wheel.get()] = out[i];
    final_fits = final_fits || (out[i] == Obstacle::none && !project.candidates[i].is_prerelease &&
                                meets_asked(pool, request, id, i));
  }
  if (!final_fits || asks_for_prereleases(pool, request, id)) return found;
  for (const Candidate& candidate : project.candidates) {
    Obstacle& obstacle = found[candidate.wheel.get()];
    if (candidate.is_prerelease && obstacle == Obstacle::none) obstacle = Obstacle::prerelease;
  }
  return found;
}

// Those that could be taken before the others, and of each the newest; in the order given.
std::vector<wheelhouse::WheelPtr> most_telling(std::span<const wheelhouse::WheelPtr> wheels,
                                               const std::map<const Wheel*, Obstacle>& obstacles) {
  const auto is_usable = [&](const wheelhouse::WheelPtr& wheel) {
    const Obstacle obstacle = obstacles.at(wheel.get());
    return obstacle == Obstacle::none || obstacle == Obstacle::prerelease;
  };
  std::size_t usable =
      std::min(most_held_wheels, static_cast<std::size_t>(std::ranges::count_if(wheels, is_usable)));
  std::size_t others = most_held_wheels - usable;
  std::vector<wheelhouse::WheelPtr> told;
  for (const wheelhouse::WheelPtr& wheel : wheels) {
    std::size_t& left = is_usable(wheel) ? usable : others;
    if (left == 0) continue;
    --left;
    told.push_back(wheel);
  }
  return told;
}

Holding holding_of(CandidatePool& pool, const Request& request, const std::string& name) {
  Holding holding;
  holding.project = name;
  holding.has_hashes = request.hashes == nullptr || request.hashes->contains(name);
  const auto found = obstacles_by_wheel(pool, request, pool.find(name));
  for (const wheelhouse::WheelPtr& wheel : most_telling(pool.catalog().project(name), found)) {
    const Obstacle obstacle = found.at(wheel.get());
    HeldWheel& held = holding.wheels.emplace_back();
    held.filename = wheel->filename;
    held.version = wheel->version();
    held.obstacle = obstacle;
    held.detail = detail_of(request, *wheel, obstacle);
    if (obstacle == Obstacle::other_target) held.targets = targets_of(*wheel);
  }
  if (holding.wheels.empty()) holding.similar_names = similar_names(pool.catalog(), name);
  return holding;
}

bool has_obstacle(const Holding& holding) {
  return std::ranges::any_of(holding.wheels,
                             [](const HeldWheel& wheel) { return wheel.obstacle != Obstacle::none; });
}

// Of the projects without a fitting wheel; and of those whose requirements led there, if some of their wheels
// can't be taken: one of them might have other requirements.
std::vector<Holding> holdings_of(CandidatePool& pool, const Request& request,
                                 const std::vector<Incompatibility>& incompatibilities) {
  std::vector<Holding> holdings;
  std::set<std::string> seen;
  for (const Incompatibility& one : incompatibilities) {
    if (seen.insert(one.project).second) holdings.push_back(holding_of(pool, request, one.project));
  }
  for (const Incompatibility& one : incompatibilities) {
    for (const DemandChain& chain : one.demands) {
      for (const DemandLink& link : chain) {
        if (link.project.empty() || !seen.insert(link.project).second) continue;
        Holding holding = holding_of(pool, request, link.project);
        if (has_obstacle(holding)) holdings.push_back(std::move(holding));
      }
    }
  }
  return holdings;
}

std::vector<std::string> texts_of(const std::vector<const Requirement*>& requirements) {
  std::vector<std::string> texts;
  texts.reserve(requirements.size());
  for (const Requirement* requirement : requirements) texts.push_back(demand_text(*requirement));
  return texts;
}

void describe(Derivation& derivation, CandidatePool& pool, const Request& clash,
              const std::vector<Conflict>& conflicts) {
  derivation.asked = texts_of(clash.asked);
  derivation.constraints = texts_of(clash.constraints);
  derivation.incompatibilities = merge_conflicts(pool, conflicts);
  derivation.holdings = holdings_of(pool, clash, derivation.incompatibilities);
}

}  // namespace

std::string demand_text(const Requirement& requirement) {
  Requirement plain = requirement;
  plain.marker.reset();
  return plain.str();
}

Derivation diagnose(CandidatePool& pool, const Request& request) {
  Derivation derivation;
  derivation.target = pool.target().name();
  derivation.python = pool.target().python().str();
  Effort effort(explanation_steps);
  const Remedies remedies(pool, request, search_steps, effort);
  if (const auto faults = direct_faults(pool, request); !faults.empty()) {
    Request faulty = request;
    faulty.asked.clear();
    for (const Conflict& fault : faults) faulty.asked.push_back(fault.demands.front().front().requirement);
    derivation.remedies = remedies.for_faults(faulty.asked);
    std::erase_if(faulty.constraints, [&](const Requirement* constraint) {
      return std::ranges::find(faulty.asked, constraint->name, &Requirement::name) == faulty.asked.end();
    });
    describe(derivation, pool, faulty, faults);
    return derivation;
  }
  const Request clash = minimal_clash(pool, request, effort);
  Search search(pool, clash, search_steps);
  search.record_conflicts(recorded_conflicts);
  search.run();
  describe(derivation, pool, clash, search.conflicts());
  derivation.remedies = remedies.for_clash(clash, search.conflicts());
  return derivation;
}

}  // namespace wheelbarrow::resolver
