// Reading and verifying one wheel file (PEP 427; "Recording installed projects"). Hostile input is expected:
// every limit below holds before memory is spent, and nothing is written to disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/slice.hpp"
#include "wheelhouse/wheel.hpp"

namespace wheelbarrow::wheelhouse {

struct WheelLimits {
  std::uint64_t max_entries = 50'000;
  std::uint64_t max_unpacked_size = 2ULL << 30;  // bytes, all files of one wheel
  std::uint64_t max_entry_size = 512ULL << 20;   // bytes, one file
  std::uint64_t max_metadata_size = 4ULL << 20;  // bytes, each of METADATA, WHEEL, RECORD (RECORD: 16 times)
};

// Checks the whole wheel: file name against METADATA and WHEEL, each file that RECORD lists against its hash
// and size, paths, entry kinds, duplicates, limits. A fault is ErrorKind::corrupt or ErrorKind::limit with
// `where` = the wheel's path and a message that names the entry. What is tolerated is in Wheel::warnings. A
// file that is written to meanwhile is ErrorKind::busy.
Result<Wheel> read_wheel(const std::filesystem::path& path, const WheelLimits& limits = {});

// The path that an installer gives an archive entry (PEP 427 "Installing a wheel"): "<name>.data/purelib/x"
// and
// "<name>.data/platlib/x" become "x", everything else stays as it is.
std::string installed_path(std::string_view entry_path);

// One file of an archive: its path in the archive and its whole content, valid during the call only.
struct WheelFile {
  std::string_view path;
  std::span<const std::byte> content;
};
using WheelFileSink = std::function<Result<void>(const WheelFile&)>;

// Hands every file of a wheel, or of a zip or tar archive of shared libraries, to `sink` in archive order, by
// its path in the archive. What the archive is follows from its content; errors call it `name`. Stops at the
// first error of the sink and returns it. Applies `limits` and the path rules, but trusts RECORD:
// read_wheel() has checked these bytes before.
Result<void> for_each_file(const Slice& archive, const std::string& name, const WheelLimits& limits,
                           const WheelFileSink& sink);

}  // namespace wheelbarrow::wheelhouse
