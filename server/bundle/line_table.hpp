// A code object's co_linetable, as CPython 3.11 to 3.14 have it (InternalDocs/code_objects.md, "Source code
// locations"): which lines, and which columns in them, its instructions come from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wheelbarrow::bundle {

// The same lines in as few bytes as there can be, and no columns: what `python -X no_debug_ranges` compiles,
// with neighbours of one line joined. Never longer than `table`. Nothing if that is malformed.
//
// Columns are for the marks below the source lines of a traceback. Where there is no source they say nothing,
// and they are a quarter of what bytecode takes compressed.
std::optional<std::string> without_columns(std::string_view table);

}  // namespace wheelbarrow::bundle
