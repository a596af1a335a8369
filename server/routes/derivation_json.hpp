// Why nothing fits as JSON, the same in a problem's "derivation" and on the command line.
#pragma once

#include <boost/json/object.hpp>

#include "resolver/derivation.hpp"

namespace wheelbarrow::routes {

// {"target", "python", "asked", "constraints",
//  "incompatibilities": [{"project", "chosen": [versions],
//    "demands": [[{"requirement"}, {"requirement", "project", "versions"}, ...]]}],
//  "wheelhouse": [{"project", "wheels": [{"file", "version", "obstacle", "detail", "targets"}],
//    "similar_names", "has_hashes"}],
//  "remedies": [[{"change", "from", "to"}]], "stuck_on"}
// with "detail", "targets", "project", "versions", "from" and "to" only where they say something. The
// obstacles are other-target, other-python, constraint, hash, yanked, prerelease and null; the changes
// replace, leave-out, add and lift-constraint.
boost::json::object to_json(const resolver::Derivation& derivation);

}  // namespace wheelbarrow::routes
