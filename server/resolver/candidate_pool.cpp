#include "resolver/candidate_pool.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace wheelbarrow::resolver {
namespace {

using wheelhouse::Wheel;
using wheelhouse::WheelKind;

// A shared library comes with the Pyodide distribution that lists it and has no tags of its own.
std::optional<std::size_t> rank_on(const packaging::Target& target, const Wheel& wheel) {
  if (wheel.kind != WheelKind::shared_library) return target.rank(wheel.parsed.tags);
  return target.is_emscripten() ? std::optional<std::size_t>(0) : std::nullopt;
}

// Highest version, best tag, highest build number, file name. No build tag is below every build tag (PEP
// 427).
bool is_better(const Candidate& a, const Candidate& b) {
  if (const auto order = a.wheel->version() <=> b.wheel->version(); order != 0) return order > 0;
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.wheel->parsed.build != b.wheel->parsed.build) return a.wheel->parsed.build > b.wheel->parsed.build;
  return std::tie(a.wheel->filename, a.wheel->sha256) < std::tie(b.wheel->filename, b.wheel->sha256);
}

}  // namespace

ProjectId CandidatePool::find(std::string_view name) {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<ProjectId>(projects_.size());
  projects_.push_back(make_project(name));
  ids_.emplace(projects_.back()->name, id);
  return id;
}

std::unique_ptr<Project> CandidatePool::make_project(std::string_view name) const {
  auto project = std::make_unique<Project>();
  project->name = name;
  for (const wheelhouse::WheelPtr& wheel : catalog_.project(name)) {
    const auto rank = rank_on(target_, *wheel);
    if (!rank) {
      project->for_other_targets.push_back(wheel);
    } else if (!target_.satisfies(wheel->metadata.requires_python)) {
      project->for_other_pythons.push_back(wheel);
    } else {
      project->candidates.push_back({wheel, *rank, wheel->version().is_prerelease()});
    }
  }
  // A catalog's order by version is nearly this one.
  if (!std::ranges::is_sorted(project->candidates, is_better)) {
    std::ranges::sort(project->candidates, is_better);
  }
  return project;
}

const std::vector<Dependency>& CandidatePool::dependencies(ProjectId id, std::size_t candidate,
                                                           const std::string& extra) {
  const Wheel& wheel = *projects_[id]->candidates[candidate].wheel;
  const auto [entry, is_new] = dependencies_[&wheel].try_emplace(extra);
  std::vector<Dependency>& dependencies = entry->second;
  if (!is_new) return dependencies;
  if (!extra.empty()) extra_evaluations_ += wheel.metadata.requires_dist.size();
  for (const packaging::Requirement& requirement : wheel.metadata.requires_dist) {
    const bool always = !requirement.marker || requirement.marker->evaluate(target_.markers());
    const bool wanted =
        extra.empty() ? always : !always && requirement.marker->evaluate(target_.markers(), extra);
    if (wanted) dependencies.push_back({&requirement, find(requirement.name)});
  }
  if (extra.empty()) append_distribution_depends(wheel, dependencies);
  return dependencies;
}

// A Pyodide lock file repeats what METADATA says and adds the shared libraries. It may name packages of the
// distribution that lie elsewhere; those are left to METADATA.
void CandidatePool::append_distribution_depends(const Wheel& wheel, std::vector<Dependency>& dependencies) {
  if (!target_.is_emscripten()) return;
  for (const std::string& name : wheel.distribution_depends) {
    if (name == wheel.name() || catalog_.project(name).empty()) continue;
    packaging::Requirement requirement;
    requirement.name = name;
    dependencies.push_back({&keep(std::move(requirement)), find(name)});
  }
}

const Reach& CandidatePool::reach(ProjectId id, const packaging::Requirement& requirement) {
  const auto [entry, is_new] = reaches_.try_emplace(&requirement);
  Reach& reach = entry->second;
  if (!is_new) return reach;
  const auto& candidates = projects_[id]->candidates;
  reach.names_prerelease = requirement.specifier.names_prerelease();
  reach.matches.reserve(candidates.size());
  for (std::uint32_t i = 0; i < candidates.size(); ++i) {
    reach.matches.push_back(requirement.specifier.contains(candidates[i].wheel->version()));
    if (!reach.matches.back()) reach.misses.push_back(i);
  }
  return reach;
}

const std::vector<const packaging::Requirement*>& CandidatePool::requirements_on(ProjectId id) {
  const auto [entry, is_new] = requirements_on_.try_emplace(id);
  if (!is_new) return entry->second;
  const std::string& name = projects_[id]->name;
  for (const wheelhouse::WheelPtr& wheel : catalog_.wheels()) {
    for (const packaging::Requirement& requirement : wheel->metadata.requires_dist) {
      if (requirement.name == name) entry->second.push_back(&requirement);
    }
  }
  return entry->second;
}

const packaging::Requirement& CandidatePool::keep(packaging::Requirement requirement) {
  return kept_.emplace_back(std::move(requirement));
}

}  // namespace wheelbarrow::resolver
