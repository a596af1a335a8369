// The Priority request field (RFC 9218 4 and 5). Private to this room.
#pragma once

#include <string_view>

namespace wheelbarrow::http {

struct Priority {
  int urgency = 3;  // 0 (first) to 7
  bool incremental = false;
};

// Reads the field's value, a dictionary (RFC 8941 3.2); what makes no sense counts as not said.
Priority parse_priority(std::string_view field);

}  // namespace wheelbarrow::http
