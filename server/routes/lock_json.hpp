// A lock as JSON, the same in /resolve and on the command line.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "resolver/resolver.hpp"

namespace wheelbarrow::routes {

// {"target", "requirements", "constraints", "wheels": [{"name", "version", "file", "sha256", "size",
// "extras", "depends"}], "warnings"}; with a `base_url` (no slash at its end) each wheel has its "url" too.
boost::json::object to_json(const resolver::Lock& lock, std::string_view base_url = {});

}  // namespace wheelbarrow::routes
