// requirements.txt.
#include "fuzz/check.hpp"
#include "packaging/requirements_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  const auto parsed = packaging::parse_requirements_file(fuzz::text_of(data, size), "requirements.txt");
  if (parsed) return 0;
  fuzz::check(parsed.error().where.starts_with("requirements.txt"), "a mistake has its line",
              parsed.error().text());
  return 0;
}
