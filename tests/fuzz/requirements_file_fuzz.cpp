// requirements.txt.
#include "fuzz/check.hpp"
#include "packaging/name.hpp"
#include "packaging/requirements_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  packaging::RequirementSet set;
  const auto added = packaging::add_requirements_file(set, fuzz::text_of(data, size), "requirements.txt");
  if (!added) {
    fuzz::check(added.error().where.starts_with("requirements.txt"), "a mistake has its line",
                added.error().text());
  }
  for (const packaging::GivenHashes& given : set.hashes) {
    fuzz::check(packaging::canonicalize_name(given.project) == given.project && !given.sha256.empty(),
                "hashes are of a project", given.project);
  }
  return 0;
}
