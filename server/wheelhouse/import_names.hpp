// Which names an installed tree can be imported by.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace wheelbarrow::wheelhouse {

// Collects the top-level import names of a wheel's files. Derived from the tree because top_level.txt is
// often missing or wrong.
class ImportNames {
 public:
  // `path` is an installed path.
  void add(std::string_view path);
  const std::set<std::string>& names() const { return names_; }

 private:
  std::set<std::string> names_;
};

}  // namespace wheelbarrow::wheelhouse
