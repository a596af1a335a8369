// Environment markers (PEP 508), evaluated for every kind of target.
#include <string>

#include "fuzz/check.hpp"
#include "packaging/marker.hpp"
#include "packaging/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  const std::string_view text = fuzz::text_of(data, size);
  const auto marker = packaging::Marker::parse(text);
  if (!marker) {
    fuzz::check(marker.error().message.contains(" at column "), "a mistake has its column",
                marker.error().message);
    return 0;
  }
  const std::string written = marker->str();
  const auto again = packaging::Marker::parse(written);
  fuzz::check(again && again->str() == written, "a marker can be written", written);
  for (const char* target : {"pyodide-0.29", "cpython-3.9-linux-x86_64"}) {
    const auto& environment = packaging::find_target(target)->markers();
    for (const char* extra : {"", "test"}) {
      fuzz::check(marker->evaluate(environment, extra) == again->evaluate(environment, extra),
                  "what is written means the same", written);
    }
  }
  return 0;
}
