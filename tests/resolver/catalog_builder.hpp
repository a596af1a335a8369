// A catalog made in memory, for tests: builder.add("a-1.0-py3-none-any.whl", "Requires-Dist: b>=2\n").
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "packaging/requirement_set.hpp"
#include "packaging/target.hpp"
#include "resolver/resolver.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::resolver::test {

class CatalogBuilder {
 public:
  // A wheel of that file name; Metadata-Version, Name and Version are added to the metadata lines.
  CatalogBuilder& add(const std::string& filename, const std::string& metadata = {},
                      const std::vector<std::string>& distribution_depends = {});
  // "a 1.0" is short for "a-1.0-py3-none-any.whl".
  CatalogBuilder& add_pure(const std::string& name, const std::string& version,
                           const std::string& metadata = {});
  CatalogBuilder& add_shared_library(const std::string& name, const std::string& version,
                                     const std::vector<std::string>& distribution_depends = {});

  // Marks the wheel that was added last (PEP 592).
  CatalogBuilder& yank(const std::string& reason = {});

  wheelhouse::Catalog build() const;

 private:
  std::vector<std::shared_ptr<wheelhouse::Wheel>> wheels_;
};

packaging::Target target_named(std::string_view name);
std::vector<packaging::Requirement> requirements_of(const std::vector<std::string>& texts);
packaging::RequirementSet set_of(const std::vector<std::string>& requirements,
                                 const std::vector<std::string>& constraints = {});

// The lock as "b 2.0, a 1.0" in lock order, or the error's message.
std::string resolve_to_text(const wheelhouse::Catalog& catalog, const packaging::RequirementSet& set,
                            std::string_view target = "pyodide-0.29");
std::string resolve_to_text(const wheelhouse::Catalog& catalog, const std::vector<std::string>& requirements,
                            std::string_view target = "pyodide-0.29");

}  // namespace wheelbarrow::resolver::test
