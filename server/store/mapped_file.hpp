// A whole file mapped for reading.
#pragma once

#include <filesystem>

#include "base/error.hpp"
#include "base/slice.hpp"

namespace wheelbarrow::store {

// ErrorKind::not_found if there is no such file. An empty file gives an empty slice. The file must not be cut
// short while it is mapped; the store's own files never are.
Result<Slice> map_file(const std::filesystem::path& path);

}  // namespace wheelbarrow::store
