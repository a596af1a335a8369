// Walking through an archive, a zip file or a tar file in one of its common compressions, within limits:
// sizes are counted on real bytes, whatever the headers promise. libarchive does the decoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "wheelhouse/archive_file.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::wheelhouse {

class ArchiveReader {
 public:
  // `file` outlives the reader.
  static Result<ArchiveReader> open(const ArchiveFile& file, const WheelLimits& limits);
  ~ArchiveReader();
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;

  // Moves to the next entry that is a file; folders are passed over. False after the last one.
  Result<bool> next();

  // Of the current entry. Paths have passed unsafe_path_reason().
  const std::string& path() const;
  std::uint64_t size() const;  // as promised; read() fails if it isn't true

  // The content of the current entry, piece by piece. At most once per entry; an entry that is not read is
  // skipped unchecked.
  Result<void> read(const std::function<void(std::span<const std::byte>)>& sink);
  Result<std::string> read_all();

  // An error about the current entry.
  std::unexpected<Error> entry_error(ErrorKind kind, std::string_view message) const;

 private:
  struct State;
  explicit ArchiveReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wheelbarrow::wheelhouse
