// Private to this room: conflicts in sentences, for a person who wants to know what to change.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "packaging/requirement.hpp"
#include "resolver/candidate_pool.hpp"
#include "resolver/search.hpp"

namespace wheelbarrow::resolver {

// One sentence per line. `asked` are the requirements that can't be met together, `conflicts` what a search
// for them ran into.
std::string explain(CandidatePool& pool, std::span<const packaging::Requirement* const> asked,
                    std::span<const Conflict> conflicts);

// At most three names of projects in the catalog that look like `name`, the closest first.
std::vector<std::string> similar_names(const wheelhouse::Catalog& catalog, const std::string& name);

}  // namespace wheelbarrow::resolver
