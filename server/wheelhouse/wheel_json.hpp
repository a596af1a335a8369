// A Wheel as text, the form in which it is kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "wheelhouse/shared_library.hpp"
#include "wheelhouse/wheel.hpp"

namespace wheelbarrow::wheelhouse {

// What follows from the file name, from METADATA's text or from the lock file is not written but derived
// again.
std::string wheel_to_json(const Wheel& wheel);

// Nothing if the text is not what wheel_to_json() wrote for a file of this name.
std::optional<Wheel> wheel_from_json(std::string_view text, const std::filesystem::path& path,
                                     const std::optional<LibraryDescription>& library);

}  // namespace wheelbarrow::wheelhouse
