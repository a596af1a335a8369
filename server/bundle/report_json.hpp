// A layer's report as JSON, which the layer and the bundle's manifest both hold; private to this room.
#pragma once

#include <boost/json/fwd.hpp>

#include "bundle/layer_report.hpp"

namespace wheelbarrow::bundle {

// Keys in one order, so that equal reports give equal text.
boost::json::object to_json(const LayerReport& report);

// Throws on a value of another type; other keys are ignored.
LayerReport to_layer_report(const boost::json::object& object);

}  // namespace wheelbarrow::bundle
