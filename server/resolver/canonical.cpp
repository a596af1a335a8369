#include <map>
#include <tuple>
#include <utility>

#include "resolver/resolver.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;

std::vector<Requirement> merge(const std::vector<Requirement>& requirements) {
  // The last part keeps requirements with different URLs apart.
  using Key = std::tuple<std::string, std::set<std::string>, std::string, std::string>;
  std::map<Key, Requirement> merged;
  for (const Requirement& requirement : requirements) {
    const std::string marker = requirement.marker ? requirement.marker->str() : "";
    const auto [place, is_new] =
        merged.try_emplace(Key(requirement.name, requirement.extras, marker, requirement.url), requirement);
    if (!is_new) place->second.specifier = place->second.specifier & requirement.specifier;
  }
  std::vector<Requirement> sorted;
  sorted.reserve(merged.size());
  for (auto& [key, requirement] : merged) sorted.push_back(std::move(requirement));
  return sorted;
}

}  // namespace

packaging::RequirementSet canonical(const packaging::RequirementSet& set) {
  return {merge(set.requirements), merge(set.constraints), set.hashes};
}

std::vector<std::string> canonical_set(const packaging::RequirementSet& set) {
  const packaging::RequirementSet form = canonical(set);
  std::vector<std::string> texts;
  texts.reserve(form.requirements.size() + form.constraints.size() + form.hashes.size());
  for (const Requirement& requirement : form.requirements) texts.push_back(requirement.str());
  for (const Requirement& constraint : form.constraints) texts.push_back("-c " + constraint.str());
  for (const auto& [project, hashes] : form.hashes) {
    const std::string start = "--hash " + project + " sha256:";
    for (const std::string& hash : hashes) texts.push_back(start + hash);
  }
  return texts;
}

}  // namespace wheelbarrow::resolver
