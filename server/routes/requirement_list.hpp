// Several requirements in one text, as people write them in a URL or a form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "packaging/requirement_set.hpp"

namespace wheelbarrow::routes {

// Splits at line breaks, and at commas that begin a new requirement: "numpy,lxml>=5,<6" is numpy and
// lxml>=5,<6, because a clause of a specifier begins with an operator. Commas in brackets, parentheses and
// quotes don't count. Blank pieces are left out.
std::vector<std::string_view> split_requirements(std::string_view text);

// At most this many are taken at a time.
inline constexpr std::size_t max_requirements = 1000;

// Parses all pieces of all texts; a requirement may have "--hash" options as in a requirements file. An error
// names the requirement or the constraint.
Result<packaging::RequirementSet> parse_requirement_list(const std::vector<std::string>& requirements,
                                                         const std::vector<std::string>& constraints = {});

}  // namespace wheelbarrow::routes
