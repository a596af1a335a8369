// Private to this room: why a request can't be met, and what nearly the same request could be.
#pragma once

#include <string>
#include <vector>

#include "resolver/derivation.hpp"
#include "resolver/request.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::resolver {

// REQUIRES: a search for the request found it unsatisfiable.
Derivation diagnose(CandidatePool& pool, const Request& request);

// The requirement as a person reads it in an explanation: without its marker, which holds.
std::string demand_text(const packaging::Requirement& requirement);

// At most three names of projects in the catalog that look like `name`, the closest first.
std::vector<std::string> similar_names(const wheelhouse::Catalog& catalog, const std::string& name);

}  // namespace wheelbarrow::resolver
