// Project and extra names (PEP 503, PEP 508). Like everything in this room: pure functions over text, no I/O,
// and the vocabulary of pypa/packaging.
#pragma once

#include <string>
#include <string_view>

namespace wheelbarrow::packaging {

// True for a name that PEP 508 allows: ASCII letters, digits, '.', '_' and '-', beginning and ending with a
// letter or digit.
bool is_valid_name(std::string_view name);

// The normalized form of PEP 503: runs of '-', '_' and '.' become one '-', letters become lower case.
// Two names mean the same project exactly when their normalized forms are equal.
std::string canonicalize_name(std::string_view name);

}  // namespace wheelbarrow::packaging
