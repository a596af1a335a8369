// Private to this room: the search for one wheel per project such that everything asked for and everything
// that the chosen wheels need is met.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "resolver/candidate_pool.hpp"
#include "resolver/request.hpp"

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

class Search {
 public:
  // Both must outlive the search.
  Search(CandidatePool& pool, const Request& request, std::size_t max_steps);

  SearchOutcome run();
  // After run(): how many candidates were tried.
  std::size_t steps() const { return steps_; }
  // After `found`: in order of decision.
  std::vector<Choice> choices();
  // After run(): at most `limit` projects that nothing could be chosen for, those first for which that
  // happened most often.
  std::vector<ProjectId> most_contested(std::size_t limit) const;

  // Before run(): keep the first `limit` conflicts, for the explanation, and note whose they are.
  void record_conflicts(std::size_t limit) { conflict_limit_ = limit; }
  const std::vector<Conflict>& conflicts() const { return conflicts_; }
  // The asked requirements that any conflict goes back to, those beyond the limit as well.
  const std::set<const packaging::Requirement*>& roots() const { return roots_; }

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
    const Reach* reach = nullptr;
    std::optional<std::size_t> parent;  // the demand that first brought the source in; an index of demands_
    Decisions reasons;                  // the decisions that put it in force
  };

  struct ProjectState {
    const Project* project = nullptr;
    std::vector<std::size_t> demands;  // in force, indices of demands_
    // Per candidate: how many demands in force it fails; one more if the request itself keeps it out.
    std::vector<std::uint32_t> exclusions;
    std::vector<bool> banned;                   // per candidate: can't be part of any solution
    std::size_t alive = 0;                      // candidates without exclusions that are not banned
    std::size_t fitting_finals = 0;             // final releases without exclusions, banned or not
    std::map<std::string, std::size_t> extras;  // how many demands in force ask for each
    std::size_t prerelease_demands = 0;         // in force that name a pre-release
    bool asks_for_prereleases = false;          // the request does
    std::optional<std::size_t> candidate;       // if decided
    Decision decision = 0;                      // by which
    bool is_walked = false;                     // is in walk_
    std::set<std::string> walked_extras;        // are in walk_
    std::size_t conflicts = 0;
  };

  struct Frame {
    ProjectId project = 0;
    std::vector<std::size_t> domain;  // candidates to try, in order
    std::size_t next = 0;
    Decisions blame;  // earlier decisions that made tried candidates fail
    // Before the decision:
    std::size_t demand_mark = 0;  // demands_.size()
    std::size_t forced_mark = 0;  // forced_.size()
    std::size_t next_forced = 0;
    std::size_t walk_mark = 0;  // walk_.size()
    std::size_t next_walked = 0;
  };

  // A project, or one of its extras, as something that has requirements.
  struct Need {
    ProjectId project = 0;
    std::string extra;  // empty: the project itself
  };

  ProjectState& state(ProjectId project);
  ProjectState make_state(ProjectId project);
  // One demand more, or one less, that a candidate fails.
  static void exclude(ProjectState& state, std::size_t candidate);
  static void readmit(ProjectState& state, std::size_t candidate);
  void ban(ProjectId project, std::size_t candidate);

  // Puts a demand in force; the decisions to blame if it can't be met.
  std::optional<Decisions> add_demand(Demand demand);
  // Puts in force what follows from the demands from index `from` on.
  std::optional<Decisions> propagate(std::size_t from);
  std::optional<Decisions> demand_extras(std::size_t demand);
  std::optional<Decisions> demand_dependencies(ProjectId project, const std::string& extra,
                                               std::size_t parent, const Decisions& reasons);
  void retract_demands(std::size_t mark);

  std::optional<ProjectId> next_project();
  std::optional<ProjectId> next_forced();
  void walk_into(ProjectId project, const packaging::Requirement& requirement);
  void open_frame(ProjectId project);
  std::optional<Decisions> decide(Frame& frame, std::size_t candidate);
  void undecide(Frame& frame);
  bool backjump(Decisions blame);

  bool is_welcome(const ProjectState& project) const;
  bool could_be_welcome(ProjectId project, std::size_t prerelease);
  bool has_unwelcome_prerelease();

  std::vector<std::size_t> minimal_demands(ProjectId project);
  Decisions blame_demands(std::span<const std::size_t> demands) const;
  Decisions blame_domain(ProjectId project);
  Decisions blame_everyone() const;
  Chain chain_of(std::size_t demand) const;
  void note_roots(std::span<const std::size_t> demands);
  void record(ProjectId project, const wheelhouse::Wheel* chosen, std::span<const std::size_t> demands);

  CandidatePool& pool_;
  const Request& request_;
  std::size_t max_steps_;
  std::size_t steps_ = 0;
  std::size_t conflict_limit_ = 0;
  std::vector<Conflict> conflicts_;
  std::set<const packaging::Requirement*> roots_;
  std::vector<Demand> demands_;
  std::deque<ProjectState> states_;  // by ProjectId; references stay valid
  std::vector<Frame> frames_;
  std::vector<ProjectId> forced_;  // projects that had one candidate left when a demand came up
  std::size_t next_forced_ = 0;
  std::vector<Need> walk_;  // breadth first from what is asked; those before next_walked_ are decided
  std::size_t next_walked_ = 0;
};

}  // namespace wheelbarrow::resolver
