// Archives of shared libraries, which a Pyodide distribution has beside its wheels: zip or tar files without
// metadata, described by the distribution's lock file alone.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "wheelhouse/wheel.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::wheelhouse {

// What the lock file says about such an archive.
struct LibraryDescription {
  std::string name;      // canonical
  std::string version;   // as written; need not follow PEP 440 ("1.1.1w")
  std::string platform;  // the platform tag of the distribution that it belongs to

  friend bool operator==(const LibraryDescription&, const LibraryDescription&) = default;
};

// Checks paths, entry kinds and limits. An archive without any ".so" file is ErrorKind::corrupt. A version
// that PEP 440 doesn't know is cut to the longest beginning that it does.
Result<Wheel> read_shared_library(const std::filesystem::path& path, const LibraryDescription& description,
                                  const WheelLimits& limits);

// Sets what follows from the description: kind, name, version, tags.
void describe_library(Wheel& wheel, const LibraryDescription& description);

}  // namespace wheelbarrow::wheelhouse
