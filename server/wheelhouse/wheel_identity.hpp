// What a wheel says of itself in three places, its file name, METADATA and WHEEL, held against each other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "packaging/metadata.hpp"
#include "packaging/wheel_filename.hpp"

namespace wheelbarrow::wheelhouse {

// Errors of these functions leave `where` to the caller.

// `folder` is "<name>-<version>.dist-info".
Result<void> check_dist_info_folder(std::string_view folder, const packaging::WheelFilename& parsed);

// Checks the text of METADATA, the next one that of WHEEL; what is tolerated is added to `warnings`.
Result<packaging::Metadata> check_metadata(std::string_view text, const packaging::WheelFilename& parsed,
                                           std::vector<std::string>& warnings);

Result<void> check_wheel_file(std::string_view text, const packaging::WheelFilename& parsed,
                              std::vector<std::string>& warnings);

}  // namespace wheelbarrow::wheelhouse
