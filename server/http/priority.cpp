#include "http/priority.hpp"

#include "http/syntax.hpp"

namespace wheelbarrow::http {

Priority parse_priority(std::string_view field) {
  Priority priority;
  while (!field.empty()) {
    std::string_view member = take_until(field, ',');
    const std::string_view item = take_until(member, ';');
    if (item.size() == 3 && item.starts_with("u=") && item[2] >= '0' && item[2] <= '7') {
      priority.urgency = item[2] - '0';
    } else if (item == "i" || item == "i=?1") {
      priority.incremental = true;
    } else if (item == "i=?0") {
      priority.incremental = false;
    }
  }
  return priority;
}

}  // namespace wheelbarrow::http
