#include "resolver/specification.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace wheelbarrow::resolver::test {
namespace {

using packaging::Requirement;
using packaging::Specifier;
using wheelhouse::Wheel;
using wheelhouse::WheelPtr;

class Specification {
 public:
  Specification(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                const packaging::RequirementSet& set)
      : catalog_(catalog), target_(target), hashes_(set.hashes) {
    for (const Requirement& requirement : set.requirements) {
      if (holds(requirement)) asked_.push_back(requirement);
    }
    for (const Requirement& constraint : set.constraints) {
      if (holds(constraint)) constraints_.push_back(constraint);
    }
    std::ranges::stable_sort(asked_, {}, [](const Requirement& r) { return std::pair(r.name, r.extras); });
  }

  std::optional<Chosen> best() {
    Chosen none;
    collect(none);
    if (solutions_.empty()) return std::nullopt;
    Chosen decided;
    for (auto next = first_undecided(decided); next; next = first_undecided(decided)) {
      const Wheel* best = solutions_.front().at(*next);
      for (const Chosen& solution : solutions_) {
        if (is_better(*solution.at(*next), *best)) best = solution.at(*next);
      }
      std::erase_if(solutions_, [&](const Chosen& solution) { return solution.at(*next) != best; });
      decided[*next] = best;
    }
    return decided;
  }

 private:
  using Needs = std::map<std::string, std::set<std::string>>;  // extras by project

  bool holds(const Requirement& requirement) const {
    return !requirement.marker || requirement.marker->evaluate(target_.markers());
  }

  // In METADATA's order; `extra` is empty for what the wheel needs by itself.
  std::vector<Requirement> dependencies(const Wheel& wheel, const std::string& extra) const {
    std::vector<Requirement> found;
    for (const Requirement& requirement : wheel.metadata.requires_dist) {
      const bool with_extra =
          !extra.empty() && !holds(requirement) && requirement.marker->evaluate(target_.markers(), extra);
      if (extra.empty() ? holds(requirement) : with_extra) found.push_back(requirement);
    }
    return found;
  }

  // Every requirement in force if these wheels are chosen.
  std::vector<Requirement> in_force(const Chosen& chosen) const {
    std::vector<Requirement> all = asked_;
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Requirement current = all[i];
      if (!chosen.contains(current.name)) continue;
      std::set<std::string> extras = current.extras;
      extras.insert("");
      for (const std::string& extra : extras) {
        if (!seen.emplace(current.name, extra).second) continue;
        for (Requirement& more : dependencies(*chosen.at(current.name), extra))
          all.push_back(std::move(more));
      }
    }
    return all;
  }

  bool is_usable(const Wheel& wheel) const {
    if (!target_.rank(wheel.parsed.tags) || !target_.satisfies(wheel.metadata.requires_python)) {
      return false;
    }
    for (const Requirement& constraint : constraints_) {
      if (constraint.name == wheel.name() && !constraint.specifier.contains(wheel.version())) return false;
    }
    if (hashes_.empty()) return true;
    return std::ranges::any_of(hashes_, [&](const packaging::GivenHashes& given) {
      return given.project == wheel.name() && given.sha256.contains(wheel.sha256.hex());
    });
  }

  bool meets_asked(const Wheel& wheel) const {
    return std::ranges::all_of(asked_, [&](const Requirement& requirement) {
      return requirement.name != wheel.name() || requirement.specifier.contains(wheel.version());
    });
  }

  bool is_pinned(const Wheel& wheel) const {
    const auto pins = [&](const Requirement& requirement) {
      return requirement.name == wheel.name() &&
             std::ranges::any_of(requirement.specifier.clauses(), [&](const Specifier& clause) {
               const std::string text = clause.str();
               return text.starts_with("==") && !text.ends_with("*") && clause.contains(wheel.version());
             });
    };
    return std::ranges::any_of(asked_, pins) || std::ranges::any_of(constraints_, pins);
  }

  std::vector<const Wheel*> candidates(const std::string& project) const {
    std::vector<const Wheel*> usable;
    for (const WheelPtr& wheel : catalog_.project(project)) {
      if (is_usable(*wheel)) usable.push_back(wheel.get());
    }
    const bool is_there = std::ranges::any_of(
        usable, [&](const Wheel* wheel) { return !wheel->yanked && meets_asked(*wheel); });
    std::erase_if(usable,
                  [&](const Wheel* wheel) { return wheel->yanked && (is_there || !is_pinned(*wheel)); });
    return usable;
  }

  bool asks_for_prereleases(const std::string& project) const {
    const auto names_one = [&](const Requirement& requirement) {
      return requirement.name == project && requirement.specifier.names_prerelease();
    };
    return std::ranges::any_of(asked_, names_one) || std::ranges::any_of(constraints_, names_one);
  }

  bool prereleases_are_welcome(const Chosen& chosen) const {
    const std::vector<Requirement> requirements = in_force(chosen);
    return std::ranges::all_of(chosen, [&](const auto& entry) {
      const auto& [project, wheel] = entry;
      if (!wheel->version().is_prerelease() || asks_for_prereleases(project)) return true;
      std::vector<const Wheel*> finals = candidates(project);
      std::erase_if(finals, [](const Wheel* other) { return other->version().is_prerelease(); });
      for (const Requirement& requirement : requirements) {
        if (requirement.name != project) continue;
        if (requirement.specifier.names_prerelease()) return true;
        std::erase_if(finals,
                      [&](const Wheel* other) { return !requirement.specifier.contains(other->version()); });
      }
      return finals.empty();
    });
  }

  // Every choice of wheels that is needed, whole and consistent.
  void collect(Chosen& chosen) {
    const Requirement* open = nullptr;
    const std::vector<Requirement> requirements = in_force(chosen);
    for (const Requirement& requirement : requirements) {
      const auto found = chosen.find(requirement.name);
      if (found == chosen.end()) {
        open = &requirement;
      } else if (!requirement.specifier.contains(found->second->version())) {
        return;
      }
    }
    if (open == nullptr) {
      if (prereleases_are_welcome(chosen)) solutions_.push_back(chosen);
      return;
    }
    for (const Wheel* wheel : candidates(open->name)) {
      chosen[open->name] = wheel;
      collect(chosen);
    }
    chosen.erase(open->name);
  }

  // Breadth first from what is asked.
  std::optional<std::string> first_undecided(const Chosen& decided) const {
    std::deque<std::pair<std::string, std::string>> queue;
    std::set<std::pair<std::string, std::string>> seen;
    const auto add = [&](const Requirement& requirement) {
      if (seen.emplace(requirement.name, "").second) queue.emplace_back(requirement.name, "");
      for (const std::string& extra : requirement.extras) {
        if (seen.emplace(requirement.name, extra).second) queue.emplace_back(requirement.name, extra);
      }
    };
    std::ranges::for_each(asked_, add);
    for (; !queue.empty(); queue.pop_front()) {
      const auto& [project, extra] = queue.front();
      const auto found = decided.find(project);
      if (found == decided.end()) return project;
      std::ranges::for_each(dependencies(*found->second, extra), add);
    }
    return std::nullopt;
  }

  bool is_better(const Wheel& a, const Wheel& b) const {
    const auto is_final = [&](const Wheel& wheel) {
      return asks_for_prereleases(wheel.name()) || !wheel.version().is_prerelease();
    };
    if (is_final(a) != is_final(b)) return is_final(a);
    if (a.version() != b.version()) return a.version() > b.version();
    const auto rank = [&](const Wheel& wheel) { return target_.rank(wheel.parsed.tags); };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return a.parsed.build > b.parsed.build;
  }

  const wheelhouse::Catalog& catalog_;
  const packaging::Target& target_;
  const std::vector<packaging::GivenHashes>& hashes_;  // one line a project, without markers
  std::vector<Requirement> asked_;
  std::vector<Requirement> constraints_;
  std::vector<Chosen> solutions_;
};

}  // namespace

std::optional<Chosen> best_solution(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                                    const packaging::RequirementSet& set) {
  return Specification(catalog, target, set).best();
}

}  // namespace wheelbarrow::resolver::test
