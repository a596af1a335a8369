#include "resolver/remedies.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <string>
#include <utility>

#include "resolver/diagnosis.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using packaging::Specifier;
using packaging::SpecifierSet;
using packaging::Version;
using wheelhouse::Wheel;

constexpr std::size_t most_changes_tried = 8;
constexpr std::size_t most_remedies = 4;

SpecifierSet exactly(const Version& version) {
  return SpecifierSet::parse("==" + version.str()).value_or(SpecifierSet());
}

// The version that the first comparison names, "!=" aside.
std::optional<Version> named_version(const SpecifierSet& specifier) {
  for (const Specifier& clause : specifier.clauses()) {
    if (clause.op() == Specifier::Operator::not_equal) continue;
    std::string text = clause.str();
    text.erase(0, text.find_first_not_of("=<>~"));
    if (text.ends_with(".*")) text.resize(text.size() - 2);
    if (auto version = Version::parse(text)) return *std::move(version);
  }
  return std::nullopt;
}

// How many leading release numbers two versions have in common.
std::size_t common_numbers(const Version& a, const Version& b) {
  if (a.epoch() != b.epoch()) return 0;
  const auto number = [](const Version& version, std::size_t i) {
    return i < version.release().size() ? version.release()[i] : 0;
  };
  const std::size_t length = std::max(a.release().size(), b.release().size());
  std::size_t common = 0;
  while (common < length && number(a, common) == number(b, common)) ++common;
  return common;
}

// Of wheels from high versions to low: those that have most numbers in common with the version; of them the
// first that is not above it, or else the lowest.
const Wheel* closest(std::vector<const Wheel*> wheels, const std::optional<Version>& version) {
  if (wheels.empty()) return nullptr;
  if (!version) return wheels.front();
  std::size_t most = 0;
  for (const Wheel* wheel : wheels) most = std::max(most, common_numbers(wheel->version(), *version));
  std::erase_if(wheels,
                [&](const Wheel* wheel) { return common_numbers(wheel->version(), *version) < most; });
  const auto found =
      std::ranges::find_if(wheels, [&](const Wheel* wheel) { return wheel->version() <= *version; });
  return found == wheels.end() ? wheels.back() : *found;
}

}  // namespace

bool has_candidate(CandidatePool& pool, const Request& request, const Requirement& requirement) {
  const ProjectId project = pool.find(requirement.name);
  const auto& matches = pool.matches(project, requirement);
  const std::vector<Obstacle> out = obstacles(pool, request, project);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (matches[i] && out[i] == Obstacle::none) return true;
  }
  return false;
}

Remedies::Attempt Remedies::replace(Attempt attempt, const Requirement& from, Requirement to) const {
  attempt.remedy.push_back({Change::Kind::replace, demand_text(from), demand_text(to)});
  std::ranges::replace(attempt.request.asked, &from, &pool_.keep(std::move(to)));
  return attempt;
}

Remedies::Attempt Remedies::pin(Attempt attempt, const Requirement& requirement, const Wheel& wheel) const {
  Requirement to = requirement;
  to.specifier = exactly(wheel.version());
  return replace(std::move(attempt), requirement, std::move(to));
}

Remedies::Attempt Remedies::leave_out(Attempt attempt, const Requirement& requirement) {
  attempt.remedy.push_back({Change::Kind::leave_out, demand_text(requirement), {}});
  std::erase(attempt.request.asked, &requirement);
  return attempt;
}

// In place of what is asked of the project, if anything is.
Remedies::Attempt Remedies::add_pin(Attempt attempt, const Wheel& wheel) const {
  const auto asked = std::ranges::find(attempt.request.asked, wheel.name(), &Requirement::name);
  if (asked != attempt.request.asked.end()) return pin(std::move(attempt), **asked, wheel);
  Requirement added;
  added.name = wheel.name();
  added.specifier = exactly(wheel.version());
  attempt.remedy.push_back({Change::Kind::add, {}, demand_text(added)});
  attempt.request.asked.push_back(&pool_.keep(std::move(added)));
  return attempt;
}

Remedies::Attempt Remedies::lift(Attempt attempt, const Requirement& constraint) {
  attempt.remedy.push_back({Change::Kind::lift_constraint, demand_text(constraint), {}});
  std::erase(attempt.request.constraints, &constraint);
  return attempt;
}

std::optional<std::vector<Choice>> Remedies::choices(const Request& request) const {
  if (request.asked.empty()) return std::nullopt;
  Search search(pool_, request, max_steps_);
  if (effort_.run(search, request) != SearchOutcome::found) return std::nullopt;
  return search.choices();
}

bool Remedies::offer(std::vector<Remedy>& remedies, const Attempt& attempt) const {
  if (attempt.remedy.empty() || remedies.size() == most_remedies || !choices(attempt.request)) return false;
  remedies.push_back(attempt.remedy);
  return true;
}

std::vector<Remedy> Remedies::for_faults(const std::vector<const Requirement*>& faults) const {
  std::vector<Remedy> remedies;
  const Attempt nothing{{}, request_};
  if (faults.size() == 1) {
    for (const Attempt& attempt : against_fault(nothing, *faults.front())) offer(remedies, attempt);
    if (remedies.empty()) offer(remedies, leave_out(nothing, *faults.front()));
    return remedies;
  }
  Attempt best = nothing;
  Attempt fewest = nothing;
  for (const Requirement* fault : faults) fewest = leave_out(std::move(fewest), *fault);
  if (faults.size() <= most_changes_tried) {
    for (const Requirement* fault : faults) {
      auto attempts = against_fault(best, *fault);
      best = attempts.empty() ? leave_out(std::move(best), *fault) : std::move(attempts.front());
    }
    if (offer(remedies, best)) return remedies;
  }
  offer(remedies, fewest);
  return remedies;
}

// The best first; none if there is nothing like what is asked for.
std::vector<Remedies::Attempt> Remedies::against_fault(const Attempt& before,
                                                       const Requirement& fault) const {
  std::vector<Attempt> attempts;
  if (pool_.catalog().project(fault.name).empty()) {
    for (const std::string& name : similar_names(pool_.catalog(), fault.name)) {
      Requirement similar = fault;
      similar.name = name;
      attempts.push_back(replace(before, fault, std::move(similar)));
    }
    return attempts;
  }
  const Wheel* wheel = nearest(fault, Obstacle::none);
  if (wheel == nullptr) wheel = nearest(fault, Obstacle::yanked);
  if (wheel != nullptr) attempts.push_back(pin(before, fault, *wheel));
  if (const Requirement* constraint = ruling(fault)) attempts.push_back(lift(before, *constraint));
  return attempts;
}

// Of yanked wheels those that the requirement means come first; final releases before pre-releases, unless it
// names one.
const Wheel* Remedies::nearest(const Requirement& requirement, Obstacle obstacle) const {
  const ProjectId project = pool_.find(requirement.name);
  const auto& candidates = pool_.project(project).candidates;
  const std::vector<Obstacle> out = obstacles(pool_, request_, project);
  std::vector<const Wheel*> finals;
  std::vector<const Wheel*> prereleases;
  std::vector<const Wheel*> meant;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (out[i] != obstacle) continue;
    const Wheel* wheel = candidates[i].wheel.get();
    const bool is_second = candidates[i].is_prerelease && !requirement.specifier.names_prerelease();
    (is_second ? prereleases : finals).push_back(wheel);
    if (requirement.specifier.contains(wheel->version())) meant.push_back(wheel);
  }
  if (!meant.empty()) return meant.front();
  return closest(finals.empty() ? prereleases : finals, named_version(requirement.specifier));
}

// The constraint that takes away what the requirement means.
const Requirement* Remedies::ruling(const Requirement& requirement) const {
  for (const Candidate& candidate : pool_.project(pool_.find(requirement.name)).candidates) {
    if (!requirement.specifier.contains(candidate.wheel->version())) continue;
    if (const Requirement* constraint = ruling_constraint(request_, *candidate.wheel)) return constraint;
  }
  return nullptr;
}

std::vector<Remedy> Remedies::for_clash(const Request& clash, const std::vector<Conflict>& conflicts) const {
  std::vector<Remedy> remedies;
  const Attempt nothing{{}, request_};
  offer_prereleases(remedies);
  offer_yanked(remedies, conflicts);
  for (const Requirement* constraint : clash.constraints | std::views::take(most_changes_tried)) {
    offer(remedies, lift(nothing, *constraint));
  }
  for (const Requirement* requirement : clash.asked | std::views::take(most_changes_tried)) {
    if (!offer_other_version(remedies, *requirement)) offer(remedies, leave_out(nothing, *requirement));
  }
  return remedies;
}

bool Remedies::offer_other_version(std::vector<Remedy>& remedies, const Requirement& requirement) const {
  if (requirement.specifier.empty()) return false;
  Requirement any = requirement;
  any.specifier = {};
  const Attempt nothing{{}, request_};
  const auto chosen = choices(replace(nothing, requirement, std::move(any)).request);
  if (!chosen) return false;
  const ProjectId project = pool_.find(requirement.name);
  const auto found = std::ranges::find(*chosen, project, &Choice::project);
  return offer(remedies,
               pin(nothing, requirement, *pool_.project(project).candidates[found->candidate].wheel));
}

// Where pre-releases that were not welcome would help: asks for those.
bool Remedies::offer_prereleases(std::vector<Remedy>& remedies) const {
  Attempt attempt{{}, request_};
  attempt.request.any_prerelease = true;
  const auto chosen = choices(attempt.request);
  if (!chosen) return false;
  attempt.request.any_prerelease = false;
  for (const Choice& choice : *chosen) {
    const Candidate& candidate = pool_.project(choice.project).candidates[choice.candidate];
    if (candidate.is_prerelease && !asks_for_prereleases(pool_, request_, choice.project)) {
      attempt = add_pin(std::move(attempt), *candidate.wheel);
    }
  }
  return offer(remedies, attempt);
}

// Where a dependency is met by yanked wheels only.
bool Remedies::offer_yanked(std::vector<Remedy>& remedies, const std::vector<Conflict>& conflicts) const {
  std::set<const Wheel*> tried;
  for (const Conflict& conflict : conflicts) {
    if (conflict.chosen != nullptr) continue;
    const auto& candidates = pool_.project(conflict.project).candidates;
    const std::vector<Obstacle> out = obstacles(pool_, request_, conflict.project);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool is_meant = std::ranges::all_of(conflict.demands, [&](const Chain& chain) {
        return chain.back().requirement->specifier.contains(candidates[i].wheel->version());
      });
      if (out[i] != Obstacle::yanked || !is_meant || !tried.insert(candidates[i].wheel.get()).second)
        continue;
      if (tried.size() > most_changes_tried) return false;
      if (offer(remedies, add_pin({{}, request_}, *candidates[i].wheel))) return true;
    }
  }
  return false;
}

}  // namespace wheelbarrow::resolver
