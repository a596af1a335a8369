// Private to this room: the search for one wheel per project such that everything asked for and everything
// that the chosen wheels need is met.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "resolver/candidate_pool.hpp"

namespace wheelbarrow::resolver {

// Why a project is needed: from the asked requirement (first) to the one in question (last). The source of a
// link is the wheel that has the requirement; null for an asked one.
struct ChainLink {
  const wheelhouse::Wheel* source = nullptr;
  const packaging::Requirement* requirement = nullptr;
};
using Chain = std::vector<ChainLink>;

// Why a choice could not stand.
struct Conflict {
  ProjectId project = 0;
  // The wheel that was chosen before and does not meet the (one) demand; null if no wheel of the project
  // meets all of them.
  const wheelhouse::Wheel* chosen = nullptr;
  std::vector<Chain> demands;
};

// The choice for one project.
struct Choice {
  ProjectId project = 0;
  std::size_t candidate = 0;
  std::vector<std::string> extras;  // asked for by anyone, sorted
  std::vector<ProjectId> depends;   // without itself; sorted, without repeats
};

enum class SearchOutcome { found, unsatisfiable, gave_up };

// When pre-releases that no specifier names may be chosen: only of a project without a fitting final release,
// or also, as a last resort, where its final releases turned out impossible.
enum class PrereleasePolicy { without_alternative, last_resort };

class Search {
 public:
  // REQUIRES: the requirements outlive the pool, have no URL, and their markers hold.
  Search(CandidatePool& pool, std::span<const packaging::Requirement* const> asked, PrereleasePolicy policy,
         std::size_t max_steps);

  SearchOutcome run();
  // After run(): how many candidates were tried.
  std::size_t steps() const { return steps_; }
  // After `unsatisfiable`: whether a pre-release was held back, so that last_resort might find more.
  bool held_back_prereleases() const { return held_back_; }
  // After `found`: in order of decision.
  std::vector<Choice> choices();

  // Before run(): keep the first `limit` different conflicts, for the explanation.
  void record_conflicts(std::size_t limit) { conflict_limit_ = limit; }
  const std::vector<Conflict>& conflicts() const { return conflicts_; }

 private:
  // Decisions are numbered by their place in frames_; a conflict is put down to a set of them. The asked
  // requirements belong to no decision.
  using Decision = std::uint32_t;
  using Decisions = std::set<Decision>;

  // One requirement in force.
  struct Demand {
    const packaging::Requirement* requirement = nullptr;
    ProjectId project = 0;
    const wheelhouse::Wheel* source = nullptr;
    std::optional<std::size_t> parent;  // the demand that first brought the source in; an index of demands_
    Decisions reasons;                  // the decisions that put it in force
  };

  struct ProjectState {
    std::vector<std::size_t> demands;           // in force, indices of demands_
    std::vector<std::uint32_t> exclusions;      // per candidate: how many demands in force it fails, and bans
    std::size_t alive = 0;                      // candidates without exclusions
    std::map<std::string, std::size_t> extras;  // how many demands in force ask for each
    std::size_t prerelease_demands = 0;         // in force that name a pre-release
    std::optional<std::size_t> candidate;       // if decided
    Decision decision = 0;                      // by which
  };

  struct Frame {
    ProjectId project = 0;
    std::vector<std::size_t> domain;  // candidates to try, in order
    std::size_t next = 0;
    std::size_t demand_mark = 0;  // demands_.size() before the decision
    Decisions blame;              // earlier decisions that made tried candidates fail
  };

  ProjectState& state(ProjectId project);
  // Puts a demand in force; the decisions to blame if it can't be met.
  std::optional<Decisions> add_demand(Demand demand);
  // Puts in force what follows from the demands from index `from` on.
  std::optional<Decisions> propagate(std::size_t from);
  std::optional<Decisions> demand_extras(std::size_t demand);
  std::optional<Decisions> demand_dependencies(ProjectId project, const std::string& extra,
                                               std::size_t parent, const Decisions& reasons);
  void retract_demands(std::size_t mark);
  std::optional<ProjectId> next_project();
  void open_frame(ProjectId project);
  std::optional<Decisions> decide(Frame& frame, std::size_t candidate);
  void undecide(Frame& frame);
  bool backjump(Decisions blame);
  void ban(ProjectId project, std::size_t candidate);

  std::vector<std::size_t> minimal_demands(ProjectId project);
  Decisions blame_demands(std::span<const std::size_t> demands) const;
  Decisions blame_domain(ProjectId project);
  Chain chain_of(std::size_t demand) const;
  void record(ProjectId project, const wheelhouse::Wheel* chosen, std::span<const std::size_t> demands);

  CandidatePool& pool_;
  std::vector<const packaging::Requirement*> asked_;
  PrereleasePolicy policy_;
  std::size_t max_steps_;
  std::size_t steps_ = 0;
  bool held_back_ = false;
  std::size_t conflict_limit_ = 0;
  std::vector<Conflict> conflicts_;
  std::vector<Demand> demands_;
  std::vector<ProjectState> states_;  // by ProjectId
  std::vector<Frame> frames_;
};

}  // namespace wheelbarrow::resolver
