// Private to this room: parsers that read from the middle of a text, so that a requirement's errors name
// columns of the whole requirement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "packaging/marker.hpp"
#include "packaging/scanner.hpp"
#include "packaging/specifier.hpp"
#include "packaging/tag.hpp"
#include "packaging/version.hpp"

namespace wheelbarrow::packaging {

// One project's or extra's name, at the scanner's position, in its canonical form. `what` is expected there,
// for the message.
Result<std::string> parse_name(Scanner& scanner, std::string_view what);

// One version, at the scanner's position; stops behind its last part. `what` is expected there, for the
// message.
Result<Version> parse_version(Scanner& scanner, std::string_view what);

// What is expected where none of a version's parts goes on.
constexpr std::string_view end_of_version =
    "the end of the version or a suffix such as rc1, .post1 or +local";

// One clause, at the scanner's position; stops behind it.
Result<Specifier> parse_specifier(Scanner& scanner);

// Comma-separated clauses up to the end, ';' or ')', or something else that is no comma; none at all is the
// empty set. A trailing comma is accepted: published metadata has it (">=3.6,") and pypa/packaging takes it.
Result<SpecifierSet> parse_specifier_set(Scanner& scanner);

// The whole rest of the text.
Result<std::vector<Tag>> parse_tag(Scanner& scanner);

// The whole rest of the text.
Result<Marker> parse_marker(Scanner& scanner);

}  // namespace wheelbarrow::packaging
