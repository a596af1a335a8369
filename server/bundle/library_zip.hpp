// Python's library as one zip file (the python_stdlib.zip of a Pyodide distribution) with byte-compiled
// modules. A runtime compiles every module that it imports from such a file anew at each start, which takes
// longer than all the rest of the start.
#pragma once

#include "base/error.hpp"
#include "base/slice.hpp"
#include "bundle/layer.hpp"
#include "store/store.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::bundle {

// Writes `zip` anew, with the bytecode of its modules as zipimport looks for it: x.pyc, beside x.py or
// instead of it as `recipe` says. A module that doesn't compile keeps its source. Nothing in it is
// compressed, so that nothing has to be unpacked inside WebAssembly, and what compresses it on the way sees
// all of it; the same input and recipe give the same bytes. ErrorKind::corrupt if it is no zip file,
// ErrorKind::limit beyond `limits` or what a zip file without extensions holds, and the errors of `compile`.
Result<void> write_library(const Slice& zip, const BytecodeRecipe& recipe,
                           const wheelhouse::WheelLimits& limits, store::BlobWriter& out,
                           const Compile& compile);

}  // namespace wheelbarrow::bundle
