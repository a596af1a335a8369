#include "resolver/explanation.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace wheelbarrow::resolver {
namespace {

using packaging::Version;

constexpr std::size_t most_conflicts = 8;
constexpr std::size_t most_versions = 8;

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

// "2.1, 2.0 and 4 older".
std::string join_versions(const std::set<Version>& versions) {
  std::vector<std::string> items;
  for (auto version = versions.rbegin(); version != versions.rend() && items.size() < most_versions;
       ++version) {
    items.push_back(version->str());
  }
  if (versions.size() > most_versions)
    items.push_back(std::to_string(versions.size() - most_versions) + " older");
  return join(items);
}

// Without marker: what holds here, shorter.
std::string demand_text(const packaging::Requirement& requirement) {
  packaging::Requirement plain = requirement;
  plain.marker.reset();
  return plain.str();
}

// A link of several chains that differ only in the source's version.
struct MergedLink {
  const packaging::Requirement* requirement = nullptr;
  std::string source;  // a project; empty for an asked requirement
  std::set<Version> versions;
};
using MergedChain = std::vector<MergedLink>;

struct MergedConflict {
  ProjectId project = 0;
  std::set<Version> chosen;  // empty: nothing fits
  std::vector<MergedChain> demands;
};

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

void merge_into(MergedConflict& merged, const Conflict& conflict) {
  merged.project = conflict.project;
  if (conflict.chosen != nullptr) merged.chosen.insert(conflict.chosen->version());
  merged.demands.resize(conflict.demands.size());
  for (std::size_t i = 0; i < conflict.demands.size(); ++i) {
    MergedChain& chain = merged.demands[i];
    chain.resize(conflict.demands[i].size());
    for (std::size_t j = 0; j < chain.size(); ++j) {
      const ChainLink& link = conflict.demands[i][j];
      chain[j].requirement = link.requirement;
      if (link.source == nullptr) continue;
      chain[j].source = link.source->name();
      chain[j].versions.insert(link.source->version());
    }
  }
}

// Projects without any fitting wheel first: they need no further choice to be understood.
std::vector<MergedConflict> merge_conflicts(std::span<const Conflict> conflicts) {
  std::vector<MergedConflict> merged;
  std::map<std::string, std::size_t> places;
  for (const Conflict& conflict : conflicts) {
    const auto [place, is_new] = places.try_emplace(conflict_key(conflict), merged.size());
    if (is_new) merged.emplace_back();
    merge_into(merged[place->second], conflict);
  }
  std::ranges::stable_partition(merged,
                                [](const MergedConflict& conflict) { return conflict.chosen.empty(); });
  if (merged.size() > most_conflicts) merged.resize(most_conflicts);
  return merged;
}

// "numpy<2 (which scipy 1.11 and 1.10 require, because you ask for scipy)".
std::string describe_demand(const MergedChain& chain) {
  std::string text = demand_text(*chain.back().requirement) + " (";
  for (std::size_t i = chain.size(); i-- > 1;) {
    text += "which " + chain[i].source + ' ' + join_versions(chain[i].versions) +
            (chain[i].versions.size() > 1 ? " require, " : " requires, ");
  }
  const bool is_direct = chain.size() == 1;
  return text +
         (is_direct ? "which you ask for"
                    : "because you ask for " + demand_text(*chain.front().requirement)) +
         ')';
}

std::string describe_demands(const MergedConflict& conflict) {
  std::vector<std::string> demands;
  for (const MergedChain& chain : conflict.demands) {
    std::string text = describe_demand(chain);
    if (std::ranges::find(demands, text) == demands.end()) demands.push_back(std::move(text));
  }
  return (demands.size() == 2 ? "both " : "") + join(demands);
}

class Explainer {
 public:
  Explainer(CandidatePool& pool, std::string& out) : pool_(pool), out_(out) {}

  void add_line(const std::string& sentence) {
    if (!out_.empty()) out_ += '\n';
    out_ += sentence + '.';
  }

  void add_conflict(const MergedConflict& conflict) {
    const Project& project = pool_.project(conflict.project);
    const std::string& target = pool_.target().name();
    const bool is_known = !pool_.catalog().project(project.name).empty();
    if (!is_known) {
      add_line("Nothing in the wheelhouse is called " + project.name + "; needed is " +
               describe_demands(conflict));
    } else if (project.candidates.empty()) {
      add_line("No wheel of " + project.name + " fits " + target + "; needed is " +
               describe_demands(conflict));
    } else if (conflict.chosen.empty()) {
      add_line("No " + project.name + " for " + target + " satisfies " + describe_demands(conflict));
    } else {
      add_line(project.name + ' ' + join_versions(conflict.chosen) +
               (conflict.chosen.size() > 1 ? " do" : " does") + " not satisfy " + describe_demands(conflict));
    }
    if (described_.insert(conflict.project).second) add_holdings(project);
  }

 private:
  void add_holdings(const Project& project) {
    if (pool_.catalog().project(project.name).empty()) {
      const auto names = similar_names(pool_.catalog(), project.name);
      if (!names.empty()) add_line("Similar names in the wheelhouse: " + join(names));
      return;
    }
    std::set<Version> usable;
    for (const Candidate& candidate : project.candidates) usable.insert(candidate.wheel->version());
    if (!usable.empty()) {
      add_line("The wheelhouse holds " + project.name + ' ' + join_versions(usable) + " for " +
               pool_.target().name());
    }
    add_other_pythons(project);
    add_other_targets(project, usable);
  }

  void add_other_pythons(const Project& project) {
    std::map<std::string, std::set<Version>> by_specifier;
    for (const auto& wheel : project.for_other_pythons) {
      by_specifier[wheel->metadata.requires_python.str()].insert(wheel->version());
    }
    for (const auto& [specifier, versions] : by_specifier) {
      add_line(project.name + ' ' + join_versions(versions) + (versions.size() > 1 ? " need" : " needs") +
               " Python " + specifier + ", and " + pool_.target().name() + " has Python " +
               pool_.target().python().str());
    }
  }

  // A version that is usable as another wheel needs no mention.
  void add_other_targets(const Project& project, const std::set<Version>& usable) {
    std::map<Version, std::set<std::string>> by_version;
    for (const auto& wheel : project.for_other_targets) {
      if (usable.contains(wheel->version())) continue;
      for (const packaging::Tag& tag : wheel->parsed.tags) by_version[wheel->version()].insert(tag.str());
    }
    std::size_t described = 0;
    for (auto entry = by_version.rbegin(); entry != by_version.rend() && described < most_versions; ++entry) {
      std::vector<std::string> tags(entry->second.begin(), entry->second.end());
      if (tags.size() > most_versions) {
        const std::string more = std::to_string(tags.size() - most_versions) + " more";
        tags.resize(most_versions);
        tags.push_back(more);
      }
      add_line(project.name + ' ' + entry->first.str() + " is there only for other targets: " + join(tags));
      ++described;
    }
  }

  CandidatePool& pool_;
  std::string& out_;
  std::set<ProjectId> described_;
};

}  // namespace

std::string explain(CandidatePool& pool, std::span<const packaging::Requirement* const> asked,
                    std::span<const Conflict> conflicts) {
  std::string text;
  Explainer explainer(pool, text);
  const std::vector<MergedConflict> merged = merge_conflicts(conflicts);
  // A single direct fault says everything itself; a clash is introduced by those who clash.
  const bool is_direct = std::ranges::all_of(merged, [](const MergedConflict& conflict) {
    return std::ranges::all_of(conflict.demands, [](const MergedChain& chain) { return chain.size() == 1; });
  });
  if (!is_direct || merged.empty()) {
    std::vector<std::string> names;
    for (const packaging::Requirement* requirement : asked) names.push_back(demand_text(*requirement));
    explainer.add_line(join(names) + " can't be installed" + (names.size() > 1 ? " together" : "") + " on " +
                       pool.target().name());
  }
  for (const MergedConflict& conflict : merged) explainer.add_conflict(conflict);
  return text;
}

}  // namespace wheelbarrow::resolver
