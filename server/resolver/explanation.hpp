// Private to this room: a derivation in sentences, for a person who wants to know what to change.
#pragma once

#include <string>

#include "resolver/derivation.hpp"

namespace wheelbarrow::resolver {

// One sentence per line.
std::string explain(const Derivation& derivation);

// "a", "a and b", "a, b and c".
std::string join(const std::vector<std::string>& items);

}  // namespace wheelbarrow::resolver
