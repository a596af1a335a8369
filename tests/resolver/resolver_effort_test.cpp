#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "resolver/catalog_builder.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::resolver {
namespace {

// 1,000 projects of 20 versions each; every wheel needs up to six projects behind it, the newer versions
// newer ones, so that constraints meet.
wheelhouse::Catalog large_catalog() {
  constexpr int projects = 1'000;
  constexpr int versions = 20;
  std::mt19937 random(7);
  test::CatalogBuilder builder;
  for (int project = 0; project < projects; ++project) {
    for (int version = 1; version <= versions; ++version) {
      std::string metadata;
      for (int i = static_cast<int>(random() % 7); i > 0 && project + 1 < projects; --i) {
        const int room = projects - project - 1;
        const int other =
            project + 1 + static_cast<int>(random() % static_cast<unsigned>(std::min(room, 60)));
        metadata += "Requires-Dist: p" + std::to_string(other) + " (>=" + std::to_string(version / 2) + ",<" +
                    std::to_string(version + 12) + ")\n";
      }
      builder.add_pure("p" + std::to_string(project), std::to_string(version), metadata);
    }
  }
  return builder.build();
}

// The lock has some 800 wheels. A search that loses its way tries hundreds of thousands. How long it takes is
// for tests/bench/resolve.sh.
TEST(ResolverEffort, SixtyRequirementsOverTwentyThousandWheels) {
  const auto catalog = large_catalog();
  ASSERT_EQ(catalog.wheels().size(), 20'000U);
  std::vector<std::string> asked;
  for (int i = 0; i < 60; ++i) asked.push_back("p" + std::to_string(i * 16) + ">=3");
  constexpr std::size_t steps = 5'000;
  const auto lock = resolve(catalog, test::target_named("pyodide-0.29"), test::set_of(asked), steps);
  ASSERT_TRUE(lock) << lock.error().text();
  EXPECT_GT(lock->wheels.size(), 300U);
}

// A wheel whose extras need each other, one after another: the work is the square of their number.
TEST(ResolverEffort, AChainOfExtrasIsFollowedOrGivenUp) {
  for (const int links : {1'000, 3'900}) {
    std::string metadata = "Requires-Dist: p[e0]\n";
    for (int i = 0; i < links; ++i) {
      metadata += "Requires-Dist: p[e" + std::to_string(i + 1) + "]; extra == 'e" + std::to_string(i) + "'\n";
    }
    test::CatalogBuilder builder;
    builder.add_pure("p", "1", metadata);
    const auto lock = resolve(builder.build(), test::target_named("pyodide-0.29"), test::set_of({"p"}));
    ASSERT_EQ(lock.has_value(), links == 1'000);
    if (!lock) {
      EXPECT_EQ(lock.error().kind, ErrorKind::limit) << lock.error().text();
    }
  }
}

}  // namespace
}  // namespace wheelbarrow::resolver
