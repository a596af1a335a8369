// A wheel that passed every check, as the rest of the program sees it: facts only, no open file.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/sha256.hpp"
#include "packaging/metadata.hpp"
#include "packaging/wheel_filename.hpp"

namespace wheelbarrow::wheelhouse {

// What an archive in the wheelhouse is.
enum class WheelKind {
  wheel,           // a .whl (PEP 427)
  shared_library,  // an archive of .so files that a pyodide-lock.json calls "shared_library"; it has no
                   // metadata
};

struct Wheel {
  WheelKind kind = WheelKind::wheel;
  std::filesystem::path path;  // where it was found
  std::string filename;        // the last part of path
  Sha256 sha256;               // of the file
  std::uint64_t size = 0;      // of the file, bytes
  std::time_t modified = 0;    // of the file, seconds since the epoch

  packaging::WheelFilename parsed;  // name, version, build, tags; for a shared library from the lock file
  packaging::Metadata metadata;
  std::string metadata_text;  // METADATA, byte for byte (PEP 658)

  std::uint64_t file_count = 0;
  std::uint64_t unpacked_size = 0;             // bytes of all files together
  std::vector<std::string> extension_modules;  // installed paths that end in ".so", sorted
  std::vector<std::string> imports;            // importable top-level names, sorted
  std::vector<std::string> warnings;           // what was wrong but tolerated, one sentence each

  // If the wheel is yanked (PEP 592): why, or an empty text.
  std::optional<std::string> yanked;

  // Further projects (canonical names) that the Pyodide distribution's lock file says this one needs.
  std::vector<std::string> distribution_depends;

  const std::string& name() const { return parsed.name; }  // canonical
  const packaging::Version& version() const { return parsed.version; }
};

// An archive that was looked at and not taken.
struct Refusal {
  std::filesystem::path path;
  std::string reason;  // names the entry where there is one
};

}  // namespace wheelbarrow::wheelhouse
