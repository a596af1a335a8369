// Private to this room: what platform tags say about the environment they are for.
#pragma once

#include <string_view>

#include "packaging/marker.hpp"

namespace wheelbarrow::packaging {

// The marker values that follow from a platform tag; those about Python are left empty. Linux's for an empty
// or unknown tag. Where a tag says nothing of a value (the release of a Linux kernel), it stays empty.
MarkerEnvironment platform_markers(std::string_view platform);

}  // namespace wheelbarrow::packaging
