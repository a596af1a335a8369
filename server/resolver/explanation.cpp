#include "resolver/explanation.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace wheelbarrow::resolver {
namespace {

using packaging::Version;
using Versions = std::set<Version, std::greater<>>;

constexpr std::size_t most_items = 8;

// "2.1, 2.0 and 4 older".
std::string join_versions(const Versions& versions) {
  std::vector<std::string> items;
  for (const Version& version : versions) {
    if (items.size() == most_items) {
      items.push_back(std::to_string(versions.size() - most_items) + " older");
      break;
    }
    items.push_back(version.str());
  }
  return join(items);
}

std::string join_versions(const std::vector<Version>& versions) {
  return join_versions(Versions(versions.begin(), versions.end()));
}

// "a, b and 4 more".
std::string join_some(std::vector<std::string> items) {
  if (items.size() > most_items) {
    const std::string more = std::to_string(items.size() - most_items) + " more";
    items.resize(most_items);
    items.push_back(more);
  }
  return join(items);
}

// "numpy<2 (which scipy 1.11 and 1.10 require, because you ask for scipy)".
std::string describe_demand(const DemandChain& chain) {
  std::string text = chain.back().requirement + " (";
  for (std::size_t i = chain.size(); i-- > 1;) {
    text += "which " + chain[i].project + ' ' + join_versions(chain[i].versions) +
            (chain[i].versions.size() > 1 ? " require, " : " requires, ");
  }
  return text + (chain.size() == 1 ? "which you ask for" : "because you ask for " + chain[0].requirement) +
         ')';
}

std::string describe_demands(const Incompatibility& one) {
  std::vector<std::string> demands;
  for (const DemandChain& chain : one.demands) {
    std::string text = describe_demand(chain);
    if (std::ranges::find(demands, text) == demands.end()) demands.push_back(std::move(text));
  }
  return (demands.size() == 2 ? "both " : "") + join(demands);
}

// Whether the project lacks wheels for reasons of the target alone.
bool fits_nowhere_here(const Holding& holding) {
  return std::ranges::all_of(holding.wheels, [](const HeldWheel& wheel) {
    return wheel.obstacle == Obstacle::other_target || wheel.obstacle == Obstacle::other_python;
  });
}

bool is_usable(const HeldWheel& wheel) {
  return wheel.obstacle == Obstacle::none || wheel.obstacle == Obstacle::prerelease;
}

std::string describe(const Change& change) {
  switch (change.kind) {
    case Change::Kind::replace:
      return "with " + change.to + " in place of " + change.from;
    case Change::Kind::leave_out:
      return "without " + change.from;
    case Change::Kind::add:
      return "with " + change.to + " asked for as well";
    case Change::Kind::lift_constraint:
      break;
  }
  return "without the constraint " + change.from;
}

class Explainer {
 public:
  explicit Explainer(const Derivation& derivation) : derivation_(derivation) {}

  std::string text() {
    introduce();
    for (const Incompatibility& one : derivation_.incompatibilities) {
      add_incompatibility(one);
      if (described_.insert(one.project).second) add_holding(holding(one.project));
    }
    for (const Holding& holding : derivation_.holdings) {
      if (described_.insert(holding.project).second) add_holding(holding);
    }
    add_remedies();
    return std::move(out_);
  }

 private:
  void add_line(const std::string& sentence) {
    if (!out_.empty()) out_ += '\n';
    out_ += sentence + '.';
  }

  // Direct faults say everything themselves; a clash is introduced by those who clash.
  void introduce() {
    const bool is_direct = std::ranges::all_of(derivation_.incompatibilities, [](const Incompatibility& one) {
      return std::ranges::all_of(one.demands, [](const DemandChain& chain) { return chain.size() == 1; });
    });
    if (is_direct && !derivation_.incompatibilities.empty()) return;
    std::string sentence = join_some(derivation_.asked) + " can't be installed";
    if (derivation_.asked.size() > 1) sentence += " together";
    sentence += " on " + derivation_.target;
    if (!derivation_.constraints.empty()) {
      sentence += derivation_.constraints.size() > 1 ? " under the constraints " : " under the constraint ";
      sentence += join_some(derivation_.constraints);
    }
    add_line(sentence);
  }

  const Holding& holding(const std::string& project) const {
    return *std::ranges::find(derivation_.holdings, project, &Holding::project);
  }

  void add_incompatibility(const Incompatibility& one) {
    const Holding& held = holding(one.project);
    const std::string demands = describe_demands(one);
    if (held.wheels.empty()) {
      add_line("Nothing in the wheelhouse is called " + one.project + "; needed is " + demands);
    } else if (fits_nowhere_here(held)) {
      add_line("No wheel of " + one.project + " fits " + derivation_.target + "; needed is " + demands);
    } else if (std::ranges::none_of(held.wheels, is_usable)) {
      add_line("No wheel of " + one.project + " can be taken; needed is " + demands);
    } else if (one.chosen.empty()) {
      add_line("No " + one.project + " for " + derivation_.target + " satisfies " + demands);
    } else {
      add_line(one.project + ' ' + join_versions(one.chosen) + (one.chosen.size() > 1 ? " do" : " does") +
               " not satisfy " + demands);
    }
  }

  void add_holding(const Holding& held) {
    if (!held.similar_names.empty()) {
      add_line("Similar names in the wheelhouse: " + join(held.similar_names));
    }
    const Versions usable = versions(held, Obstacle::none);
    if (!usable.empty()) {
      add_line("The wheelhouse holds " + held.project + ' ' + join_versions(usable) + " for " +
               derivation_.target);
    }
    add_prereleases(held);
    add_constrained(held);
    add_yanked(held);
    add_other_hashes(held);
    add_other_pythons(held);
    add_other_targets(held, usable);
  }

  static Versions versions(const Holding& held, Obstacle obstacle) {
    Versions found;
    for (const HeldWheel& wheel : held.wheels) {
      if (wheel.obstacle == obstacle) found.insert(wheel.version);
    }
    return found;
  }

  // Those with the highest versions first.
  static std::vector<std::pair<std::string, Versions>> versions_by_detail(const Holding& held,
                                                                          Obstacle obstacle) {
    std::vector<std::pair<std::string, Versions>> found;
    for (const HeldWheel& wheel : held.wheels) {
      if (wheel.obstacle != obstacle) continue;
      auto place = std::ranges::find(found, wheel.detail, &std::pair<std::string, Versions>::first);
      if (place == found.end()) place = found.insert(place, {wheel.detail, {}});
      place->second.insert(wheel.version);
    }
    return found;
  }

  void add_prereleases(const Holding& held) {
    const Versions found = versions(held, Obstacle::prerelease);
    if (found.empty()) return;
    const bool several = found.size() > 1;
    add_line(held.project + ' ' + join_versions(found) +
             (several ? " are pre-releases" : " is a pre-release") +
             ", taken only where a requirement names one or no final release fits");
  }

  void add_constrained(const Holding& held) {
    for (const auto& [constraint, found] : versions_by_detail(held, Obstacle::constraint)) {
      add_line("The constraint " + constraint + " rules out " + held.project + ' ' + join_versions(found));
    }
  }

  void add_yanked(const Holding& held) {
    for (const auto& [reason, found] : versions_by_detail(held, Obstacle::yanked)) {
      add_line(held.project + ' ' + join_versions(found) + (found.size() > 1 ? " are yanked" : " is yanked") +
               (reason.empty() ? "" : " (\"" + reason + "\")") + ", taken only where it is asked for as " +
               held.project + "==" + found.begin()->str());
    }
  }

  void add_other_hashes(const Holding& held) {
    if (!held.has_hashes && !held.wheels.empty()) {
      add_line("Hashes are given, but none for " + held.project +
               "; where there are any, every wheel needs one");
      return;
    }
    std::size_t described = 0;
    for (const HeldWheel& wheel : held.wheels) {
      if (wheel.obstacle != Obstacle::hash || described++ >= most_items) continue;
      add_line(wheel.filename + " has none of the hashes given, its SHA-256 is " + wheel.detail);
    }
  }

  void add_other_pythons(const Holding& held) {
    for (const auto& [specifier, found] : versions_by_detail(held, Obstacle::other_python)) {
      add_line(held.project + ' ' + join_versions(found) + (found.size() > 1 ? " need" : " needs") +
               " Python " + specifier + ", and " + derivation_.target + " has Python " + derivation_.python);
    }
  }

  // A version that is usable as another wheel needs no mention.
  void add_other_targets(const Holding& held, const Versions& usable) {
    struct Elsewhere {
      std::set<std::string> tags;
      std::vector<std::string> targets;
    };
    std::map<Version, Elsewhere, std::greater<>> versions;
    for (const HeldWheel& wheel : held.wheels) {
      if (wheel.obstacle != Obstacle::other_target || usable.contains(wheel.version)) continue;
      Elsewhere& elsewhere = versions[wheel.version];
      std::istringstream tags(wheel.detail);
      for (std::string tag; tags >> tag;) elsewhere.tags.insert(tag);
      for (const std::string& target : wheel.targets) {
        const bool is_known = std::ranges::find(elsewhere.targets, target) != elsewhere.targets.end();
        if (!is_known) elsewhere.targets.push_back(target);
      }
    }
    std::size_t described = 0;
    for (const auto& [version, elsewhere] : versions) {
      if (described++ == most_items) break;
      std::string sentence = held.project + ' ' + version.str() + " is there only for other targets: ";
      sentence += join_some({elsewhere.tags.begin(), elsewhere.tags.end()});
      if (!elsewhere.targets.empty()) sentence += " (that is " + join_some(elsewhere.targets) + ')';
      add_line(sentence);
    }
  }

  // "It resolves with numpy==1.26 in place of numpy>=2, or without scipy."
  void add_remedies() {
    std::string sentence;
    for (const Remedy& remedy : derivation_.remedies) {
      std::vector<std::string> changes;
      for (const Change& change : remedy) changes.push_back(describe(change));
      sentence += (sentence.empty() ? "It resolves " : ", or ") + join_some(std::move(changes));
    }
    if (!sentence.empty()) add_line(sentence);
  }

  const Derivation& derivation_;
  std::string out_;
  std::set<std::string> described_;
};

}  // namespace

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

std::string explain(const Derivation& derivation) {
  return Explainer(derivation).text();
}

}  // namespace wheelbarrow::resolver
