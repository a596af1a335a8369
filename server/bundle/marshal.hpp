// Python's marshal format (Python/marshal.c), as far as code objects need it, and one canonical form of it.
//
// marshal.dumps() of the same source doesn't give the same bytes everywhere. It marks an object for later
// reference (FLAG_REF) whenever its reference count is above one, and it counts references of the whole
// process: to a name that some other module uses as well, to a constant that a cache holds. Strings carry
// whether they are interned, which other code can change too, and the elements of a frozenset are sorted by
// bytes that include those marks. The canonical form depends on nothing but the values:
//
//   - an object is marked if and only if it is referred to later, and references are numbered anew
//   - equal constants are one object, wherever they stand; code objects never are, and what takes no more
//   than a
//     reference (five bytes) is written out
//   - a string is marked as interned if it is made of ASCII letters, digits and underscores, those that the
//   compiler
//     interns; loading code interns its names anyway
//   - the elements of a frozenset stand in the order of their values' SHA-256
//   - where only lines are wanted, the table of source locations has no columns (line_table.hpp)
//
// What is left to the compiler is what it decides by the source, its version and its platform: the order of
// __static_attributes__ (3.13) follows from string hashes, for which PYTHONHASHSEED is held at 0.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wheelbarrow::bundle {

enum class Locations : bool { lines, columns };

// The canonical form of one marshalled code object of Python 3.11 to 3.14. Whatever isn't one, down to the
// types of a code object's parts, is ErrorKind::corrupt: the bytes may come from anywhere. One that is nested
// deeper than people write is ErrorKind::limit.
Result<std::string> canonical_code(std::string_view marshalled, Locations locations);

}  // namespace wheelbarrow::bundle
