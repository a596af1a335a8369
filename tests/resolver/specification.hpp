// What resolver.hpp promises, written down a second time, by trying everything.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "packaging/requirement_set.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::resolver::test {

using Chosen = std::map<std::string, const wheelhouse::Wheel*>;  // by project

// The wheels that the set must resolve to; nothing if there is no solution.
std::optional<Chosen> best_solution(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                                    const packaging::RequirementSet& set);

}  // namespace wheelbarrow::resolver::test
