// Random small wheelhouses with something to ask of them, for property tests.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "packaging/requirement_set.hpp"
#include "resolver/catalog_builder.hpp"

namespace wheelbarrow::resolver::test {

// How large the wheelhouse is and which of the rarer things occur.
struct Variety {
  int projects = 4;
  int most_asked = 3;
  bool several_wheels = true;  // of one version
  bool tight = false;          // most requirements rule something out
  bool prereleases = true;
  bool yanked = true;
  bool hashes = true;
};

class Universe {
 public:
  Universe(std::uint32_t seed, Variety variety);

  wheelhouse::Catalog catalog() const { return builder_.build(); }
  const packaging::RequirementSet& set() const { return set_; }
  // The same set, asked for in another order and with a requirement repeated.
  packaging::RequirementSet shuffled();
  const std::string& description() const { return description_; }

 private:
  bool chance(int percent) { return pick(1, 100) <= percent; }
  int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  const std::string& one_of(const std::vector<std::string>& texts);

  void add_project(int project);
  void add_wheel(int project, const std::string& version, const std::string& rest_of_filename);
  void ask();
  std::string clause();
  std::string requirement(int project);
  std::string metadata();

  std::mt19937 random_;
  Variety variety_;
  CatalogBuilder builder_;
  packaging::RequirementSet set_;
  std::map<std::string, std::set<std::string>> hashes_;  // those that set_ may give
  std::string description_;
};

}  // namespace wheelbarrow::resolver::test
