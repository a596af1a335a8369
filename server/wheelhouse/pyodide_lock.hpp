// pyodide-lock.json: what a Pyodide distribution holds, for which environment.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::wheelhouse {

struct LockedPackage {
  std::string name;       // canonical
  std::string version;    // as written
  std::string file_name;  // in the distribution's folder
  Sha256 sha256;
  bool wheel = false;                // else an archive that may hold shared libraries
  std::vector<std::string> depends;  // canonical names, as the lock orders them, without repeats
};

struct PyodideLock {
  PyodideDistribution distribution;
  // Those whose files would lie in the folder; packages that are only tests, or lie elsewhere, are left out.
  std::vector<LockedPackage> packages;
  std::vector<std::string> faults;  // packages that were left out because the lock is wrong about them
};

// Reads `folder`/pyodide-lock.json. Fails if it isn't there, isn't JSON, or doesn't say which environment it
// is for; size and nesting are bounded.
Result<PyodideLock> read_pyodide_lock(const std::filesystem::path& folder);

// The environment that such a file is for.
Result<packaging::Target> read_pyodide_target(const std::filesystem::path& file);

}  // namespace wheelbarrow::wheelhouse
