// requirements.txt (pip's "Requirements File Format"), as far as it makes sense where every package is a
// wheel of one wheelhouse.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "packaging/requirement_set.hpp"

namespace wheelbarrow::packaging {

// Gives the text of a file that another one names, under the name that is passed on for files it names itself
// and for errors.
struct RequirementsText {
  std::string name;
  std::string text;
};
using ReadRequirements =
    std::function<Result<RequirementsText>(std::string_view file, std::string_view named_in)>;

// Adds what a file asks for. Comments, blank lines and line continuations are read as pip reads them. Of the
// options it takes "-r" and "-c" (if there is a `read`; at most 100 files), "--hash" with SHA-256 (a
// requirement that has only others is refused), and "--require-hashes";
// "--only-binary" and "--prefer-binary" change nothing here. Others are refused by name, with the reason. An
// error's `where` is "<name>:<line>".
Result<void> add_requirements_file(RequirementSet& set, std::string_view text, std::string_view name,
                                   const ReadRequirements& read = {});

// The same for a file whose lines are constraints.
Result<void> add_constraints_file(RequirementSet& set, std::string_view text, std::string_view name,
                                  const ReadRequirements& read = {});

// Adds what one such line asks for: a requirement and its "--hash" options.
Result<void> add_requirement_line(RequirementSet& set, std::string_view line);

// Adds a line of a constraints file: a requirement without extras and URL, and its "--hash" options.
Result<void> add_constraint_line(RequirementSet& set, std::string_view line);

}  // namespace wheelbarrow::packaging
