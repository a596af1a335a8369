#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "resolver/resolver.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::GivenHashes;
using packaging::Requirement;

packaging::SpecifierSet together(const std::vector<const Requirement*>& requirements) {
  std::vector<packaging::Specifier> clauses;
  for (const Requirement* requirement : requirements) {
    std::ranges::copy(requirement->specifier.clauses(), std::back_inserter(clauses));
  }
  return packaging::SpecifierSet(std::move(clauses));
}

std::vector<Requirement> merge(const std::vector<Requirement>& requirements) {
  // The last part keeps requirements with different URLs apart.
  using Key = std::tuple<std::string, std::set<std::string>, std::string, std::string>;
  std::map<Key, std::vector<const Requirement*>> groups;
  for (const Requirement& requirement : requirements) {
    const std::string marker = requirement.marker ? requirement.marker->str() : "";
    groups[Key(requirement.name, requirement.extras, marker, requirement.url)].push_back(&requirement);
  }
  std::vector<Requirement> sorted;
  sorted.reserve(groups.size());
  for (const auto& [key, group] : groups) {
    sorted.push_back(*group.front());
    if (group.size() > 1) sorted.back().specifier = together(group);
  }
  return sorted;
}

// "numpy; marker sha256:... sha256:..."
std::string text_of(const GivenHashes& given) {
  std::string text = given.project;
  if (given.marker) text += "; " + given.marker->str();
  for (const std::string& hash : given.sha256) text += " sha256:" + hash;
  return text;
}

std::vector<GivenHashes> sorted(const std::vector<GivenHashes>& hashes) {
  std::map<std::string, GivenHashes> by_text;
  for (const GivenHashes& given : hashes) by_text.try_emplace(text_of(given), given);
  std::vector<GivenHashes> result;
  result.reserve(by_text.size());
  for (auto& [text, given] : by_text) result.push_back(std::move(given));
  return result;
}

}  // namespace

packaging::RequirementSet canonical(const packaging::RequirementSet& set) {
  return {merge(set.requirements), merge(set.constraints), sorted(set.hashes)};
}

std::vector<std::string> canonical_set(const packaging::RequirementSet& set) {
  const packaging::RequirementSet form = canonical(set);
  std::vector<std::string> texts;
  texts.reserve(form.requirements.size() + form.constraints.size() + form.hashes.size());
  for (const Requirement& requirement : form.requirements) texts.push_back(requirement.str());
  for (const Requirement& constraint : form.constraints) texts.push_back("-c " + constraint.str());
  for (const GivenHashes& given : form.hashes) texts.push_back("--hash " + text_of(given));
  return texts;
}

}  // namespace wheelbarrow::resolver
