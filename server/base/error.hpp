// The words that every room speaks: Error here, Sha256 in sha256.hpp, Slice in slice.hpp, files mapped as
// slices in mapped_file.hpp, whether a file changed in file_stamp.hpp, a rate in allowance.hpp. This room
// depends on nothing else in the tree.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace wheelbarrow {

// What a caller can do about an error. An HTTP status or an exit code follows from it.
enum class ErrorKind {
  invalid_input,  // the caller's input is wrong: say what and where, don't retry
  not_found,      // nothing of that name exists
  conflict,       // something else of that name exists
  unsatisfiable,  // the requirements can't all be met by this catalog on this target
  corrupt,        // stored or read bytes are not what they claim to be
  limit,          // a configured limit was passed
  busy,           // no capacity now; trying again later makes sense
  io,             // the operating system said no
  cancelled,      // the work was given up because nobody waits for it or the server stops
  internal,       // a library failed in a way that has no better name
};

// An error as a value. `message` is one sentence for a human, without a trailing full stop; `where` names the
// file, entry, URL or input it is about and may be empty.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
  std::string where = {};

  // "where: message", or the message alone.
  std::string text() const { return where.empty() ? message : where + ": " + message; }
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string where = {}) {
  return std::unexpected(Error{kind, std::move(message), std::move(where)});
}

}  // namespace wheelbarrow
