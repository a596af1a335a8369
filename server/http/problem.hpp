// Errors as application/problem+json (RFC 9457), and the fields that every response carries.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wheelbarrow::http {

// A problem with "type": "about:blank", the status's own phrase as "title", and `detail`: what is wrong and
// what to do. Never cached: Cache-Control is no-store. The caller may add fields (Allow, Retry-After).
// `members` are extension members (RFC 9457 3.2) as JSON text: "\"name\":value".
Response problem(unsigned status, std::string_view detail, std::string_view members = {});

// Adds what every response carries whatever its status, unless it is there already: CORS
// (Access-Control-Allow-Origin *, Access-Control-Expose-Headers), Cross-Origin-Resource-Policy,
// Timing-Allow-Origin and X-Content-Type-Options.
void add_common_fields(Response& response);

// The answer to OPTIONS: 204 with Allow and the CORS preflight fields (Fetch standard, "CORS-preflight
// fetch").
Response options_response(std::string_view allow);

// The phrase of a status code, "Not Found" for 404; "Unknown" for one that is not registered.
std::string_view reason_phrase(unsigned status);

}  // namespace wheelbarrow::http
