// Request targets (RFC 9112 3.2, RFC 9113 8.3.1). Private to this room.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "http/message.hpp"

namespace wheelbarrow::http {

// Splits a request target into path and query. Accepted: origin-form, "*" for OPTIONS (the path is then "*"),
// and over HTTP/1.1 absolute-form, whose authority replaces the Host field's (RFC 9112 3.2.2).
Result<void> set_target(Request& request, std::string_view target);

// Whether this can be the host and port of an http or https URL, as far as characters go; never empty.
bool is_valid_authority(std::string_view authority);

}  // namespace wheelbarrow::http
