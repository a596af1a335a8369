// Dotted names and file names in the source of a Python module: everything that it could import or open by a
// name written in it, found without running or fully parsing it. Too much is found rather than too little:
// comments and texts count.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace wheelbarrow::bundle {

// The name of a module by its path ("a/b/__init__.py" is "a.b").
std::string module_of(std::string_view path);

// Calls `found` with each word of `source` that is made of identifiers and dots, and with "X.y" for each
// "from X import y". Leading dots are resolved against the module's `path` (PEP 328).
void for_each_name(std::string_view path, std::string_view source,
                   const std::function<void(std::string_view)>& found);

}  // namespace wheelbarrow::bundle
