// A lock as a pylock.toml (PEP 751).
#pragma once

#include <string>
#include <string_view>

#include "packaging/target.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::routes {

// For one environment, the target's. With a `base_url` (without a trailing slash) wheels have URLs there;
// without one they have the paths at which they were found.
std::string to_pylock(const resolver::Lock& lock, const packaging::Target& target,
                      std::string_view base_url = {});

}  // namespace wheelbarrow::routes
