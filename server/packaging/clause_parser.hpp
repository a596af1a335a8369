// Private to this room: parsers that read from the middle of a text, so that a requirement's errors name
// columns of the whole requirement.
#pragma once

#include "packaging/marker.hpp"
#include "packaging/scanner.hpp"
#include "packaging/specifier.hpp"

namespace wheelbarrow::packaging {

// One clause, at the scanner's position; stops behind it.
Result<Specifier> parse_specifier(Scanner& scanner);

// Comma-separated clauses up to something that begins no clause; none at all is the empty set. A trailing
// comma is accepted: published metadata has it (">=3.6,") and pypa/packaging takes it in a SpecifierSet.
Result<SpecifierSet> parse_specifier_set(Scanner& scanner);

// The whole rest of the text.
Result<Marker> parse_marker(Scanner& scanner);

}  // namespace wheelbarrow::packaging
