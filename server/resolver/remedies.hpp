// Private to this room: what to ask for instead. Every remedy that is offered has been tried on the whole
// request.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "resolver/derivation.hpp"
#include "resolver/request.hpp"
#include "resolver/search.hpp"

namespace wheelbarrow::resolver {

// Whether any wheel that the request admits meets the requirement by itself.
bool has_candidate(CandidatePool& pool, const Request& request, const packaging::Requirement& requirement);

// Bounds what all searches for an explanation cost together.
class Effort {
 public:
  explicit Effort(std::size_t steps) : left_(steps) {}

  // Gives up at once where nothing is left. A search of many requirements costs something without any step.
  SearchOutcome run(Search& search, const Request& request) {
    if (left_ == 0) return SearchOutcome::gave_up;
    const SearchOutcome outcome = search.run();
    left_ -= std::min(left_, search.steps() + request.asked.size() + request.constraints.size());
    return outcome;
  }

 private:
  std::size_t left_;
};

class Remedies {
 public:
  // All must outlive this. No trial takes more than `max_steps`.
  Remedies(CandidatePool& pool, const Request& request, std::size_t max_steps, Effort& effort)
      : pool_(pool), request_(request), max_steps_(max_steps), effort_(effort) {}

  // For asked requirements that no wheel meets: alternatives if it is one, otherwise a change for each of
  // them, to be made together.
  std::vector<Remedy> for_faults(const std::vector<const packaging::Requirement*>& faults) const;
  // For requirements and constraints that can't be met together: each change that is enough by itself.
  std::vector<Remedy> for_clash(const Request& clash, const std::vector<Conflict>& conflicts) const;

 private:
  // A remedy, and the request that it makes of the given one.
  struct Attempt {
    Remedy remedy;
    Request request;
  };

  Attempt replace(Attempt attempt, const packaging::Requirement& from, packaging::Requirement to) const;
  Attempt pin(Attempt attempt, const packaging::Requirement& requirement,
              const wheelhouse::Wheel& wheel) const;
  static Attempt leave_out(Attempt attempt, const packaging::Requirement& requirement);
  Attempt add_pin(Attempt attempt, const wheelhouse::Wheel& wheel) const;
  static Attempt lift(Attempt attempt, const packaging::Requirement& constraint);

  // What is chosen then; nothing if there is no solution (in so many steps), or nothing left to ask for.
  std::optional<std::vector<Choice>> choices(const Request& request) const;
  // Adds the remedy if it works.
  bool offer(std::vector<Remedy>& remedies, const Attempt& attempt) const;

  std::vector<Attempt> against_fault(const Attempt& before, const packaging::Requirement& fault) const;
  bool offer_other_version(std::vector<Remedy>& remedies, const packaging::Requirement& requirement) const;
  bool offer_prereleases(std::vector<Remedy>& remedies) const;
  bool offer_yanked(std::vector<Remedy>& remedies, const std::vector<Conflict>& conflicts) const;
  const wheelhouse::Wheel* nearest(const packaging::Requirement& requirement, Obstacle obstacle) const;
  const packaging::Requirement* ruling(const packaging::Requirement& requirement) const;

  CandidatePool& pool_;
  const Request& request_;
  std::size_t max_steps_;
  Effort& effort_;
};

}  // namespace wheelbarrow::resolver
