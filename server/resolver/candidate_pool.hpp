// Private to this room: the wheels that a search may choose from, and what each of them needs. Everything is
// worked out when it is first asked for and remembered, so a search over a large catalog looks only at the
// projects that it meets, and evaluates no marker twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "packaging/requirement.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::resolver {

using ProjectId = std::uint32_t;

// Something that a wheel, or one of its extras, needs on this target.
struct Dependency {
  const packaging::Requirement* requirement = nullptr;
  ProjectId project = 0;
};

// What a requirement's specifier does to the candidates of its project.
struct Reach {
  std::vector<bool> matches;          // by candidate
  std::vector<std::uint32_t> misses;  // the candidates that don't match
  bool names_prerelease = false;
};

struct Candidate {
  wheelhouse::WheelPtr wheel;
  std::size_t rank = 0;  // of its best tag on the target
  bool is_prerelease = false;
};

struct Project {
  std::string name;
  std::vector<Candidate> candidates;  // the usable wheels, best first
  std::vector<wheelhouse::WheelPtr> for_other_targets;
  std::vector<wheelhouse::WheelPtr> for_other_pythons;  // excluded by Requires-Python only
};

class CandidatePool {
 public:
  // Both must outlive the pool.
  CandidatePool(const wheelhouse::Catalog& catalog, const packaging::Target& target)
      : catalog_(catalog), target_(target) {}
  CandidatePool(const CandidatePool&) = delete;
  CandidatePool& operator=(const CandidatePool&) = delete;

  const wheelhouse::Catalog& catalog() const { return catalog_; }
  const packaging::Target& target() const { return target_; }

  ProjectId find(std::string_view name);
  const Project& project(ProjectId id) const { return *projects_[id]; }

  // What a candidate needs when `extra` is asked for, or by itself if `extra` is empty; in METADATA's order.
  // The requirements of an extra include none of the others. References stay valid as long as the pool.
  const std::vector<Dependency>& dependencies(ProjectId id, std::size_t candidate, const std::string& extra);

  // Whether extras have cost so much that it is time to give up: each looks at all that its wheel requires,
  // and wheels may have thousands of both.
  bool is_exhausted() const { return extra_evaluations_ > max_extra_evaluations; }

  // Remembered by the requirement's address: it must outlive the pool. The reference stays valid as long.
  const Reach& reach(ProjectId id, const packaging::Requirement& requirement);
  const std::vector<bool>& matches(ProjectId id, const packaging::Requirement& requirement) {
    return reach(id, requirement).matches;
  }

  // Every requirement that any wheel of the catalog has on the project, whatever its marker.
  const std::vector<const packaging::Requirement*>& requirements_on(ProjectId id);

  // Keeps a requirement as long as the pool, so that it may be given to matches().
  const packaging::Requirement& keep(packaging::Requirement requirement);

 private:
  std::unique_ptr<Project> make_project(std::string_view name) const;
  void append_distribution_depends(const wheelhouse::Wheel& wheel, std::vector<Dependency>& dependencies);

  const wheelhouse::Catalog& catalog_;
  const packaging::Target& target_;
  std::unordered_map<std::string_view, ProjectId> ids_;  // by Project::name
  std::vector<std::unique_ptr<Project>> projects_;
  std::unordered_map<const wheelhouse::Wheel*, std::map<std::string, std::vector<Dependency>>> dependencies_;
  std::unordered_map<const packaging::Requirement*, Reach> reaches_;
  std::map<ProjectId, std::vector<const packaging::Requirement*>> requirements_on_;
  std::deque<packaging::Requirement> kept_;
  static constexpr std::size_t max_extra_evaluations = 5'000'000;
  std::size_t extra_evaluations_ = 0;
};

}  // namespace wheelbarrow::resolver
