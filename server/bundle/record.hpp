// Writing RECORD ("Recording installed projects", the RECORD file).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/sha256.hpp"

namespace wheelbarrow::bundle {

// One CSV line: path, "sha256=<base64url>", size in bytes. RECORD's own line has neither.
std::string record_line(std::string_view path);
std::string record_line(std::string_view path, const Sha256& sha256, std::uint64_t size);

}  // namespace wheelbarrow::bundle
