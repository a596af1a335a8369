// Priority fields (RFC 9218 4).
#include <string>

#include "fuzz/check.hpp"
#include "http/priority.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  const std::string_view field = fuzz::text_of(data, size);
  const http::Priority priority = http::parse_priority(field);
  fuzz::check(priority.urgency >= 0 && priority.urgency <= 7, "an urgency is 0 to 7", field);
  fuzz::check(!priority.incremental || field.find('i') != std::string_view::npos, "incremental was said",
              field);
  const std::string again =
      "u=" + std::to_string(priority.urgency) + (priority.incremental ? ", i" : ", i=?0");
  const http::Priority read = http::parse_priority(again);
  fuzz::check(read.urgency == priority.urgency && read.incremental == priority.incremental,
              "a priority can be written", again);
  return 0;
}
