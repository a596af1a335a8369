// The name by which one request is found again in the logs of everything that it passed. Private to this
// room.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wheelbarrow::http {

// 1 to 128 letters, digits and "._~:/+=@-": what can stand in any log without harm.
bool is_sane_request_id(std::string_view text);

// Sets request.id and brought_id: to the request's X-Request-Id if it has one that is sane, else to 12 random
// hexadecimal digits. A response carries an id that was brought only: a cache would give another to
// everybody.
void identify(Request& request);

}  // namespace wheelbarrow::http
