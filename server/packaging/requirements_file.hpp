// requirements.txt (pip's "Requirements File Format"), the part that is requirements.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "packaging/requirement.hpp"

namespace wheelbarrow::packaging {

// Reads one requirement per line; comments, blank lines and line continuations as pip reads them. An option
// line ("-r other", "--hash=...") is refused by name. An error's `where` is "<name>:<line>".
Result<std::vector<Requirement>> parse_requirements_file(std::string_view text, std::string_view name);

}  // namespace wheelbarrow::packaging
