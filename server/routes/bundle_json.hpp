// A bundle as JSON: in /resolve, in the list of parts that the loader asks for, and in an export.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "bundle/bundle.hpp"

namespace wheelbarrow::routes {

// {"url", "sha256", "size", "format", "parts": [{"url", "sha256", "size", "wheels": [names]}]}; `parts` is
// empty where the bundle is not cut, sizes are bytes before compression. `root`, in front of "bundles/", is
// empty, or ends in a slash.
boost::json::object to_json(const bundle::Bundle& bundle, std::string_view root);

}  // namespace wheelbarrow::routes
