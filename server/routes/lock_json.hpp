// A lock as JSON, and the reason why there is none: the same in answers and on the command line.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "resolver/derivation.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::routes {

// {"target", "requirements", "constraints", "wheels": [{"name", "version", "file", "sha256", "size",
// "extras", "depends"}], "warnings"}; with a `base_url` (no slash at its end) each wheel has its "url" too.
boost::json::object to_json(const resolver::Lock& lock, std::string_view base_url = {});

// With the members of resolver::Derivation, under their names; what is empty is left out.
boost::json::object to_json(const resolver::Derivation& derivation);

}  // namespace wheelbarrow::routes
