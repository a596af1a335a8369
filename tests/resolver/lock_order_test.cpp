#include "resolver/lock_order.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wheelbarrow::resolver {
namespace {

std::string order(const std::vector<LockNode>& nodes) {
  std::string text;
  for (const std::size_t node : order_by_dependency(nodes)) text += nodes[node].name + " ";
  return text;
}

TEST(LockOrder, IsByDependencyThenByName) {
  EXPECT_EQ(order({}), "");
  EXPECT_EQ(order({{"b", {}}, {"a", {}}}), "a b ");
  EXPECT_EQ(order({{"a", {1}}, {"z", {}}, {"m", {}}}), "m z a ");
}

TEST(LockOrder, TreatsACycleAsOne) {
  // d <-> b need z; a needs d; c stands alone.
  EXPECT_EQ(order({{"d", {1, 4}}, {"b", {0}}, {"a", {0}}, {"c", {}}, {"z", {}}}), "c z b d a ");
}

TEST(LockOrder, SurvivesALongChainAndALargeCycle) {
  constexpr std::size_t length = 200'000;
  std::vector<LockNode> nodes(length);
  for (std::size_t i = 0; i < length; ++i) nodes[i] = {std::to_string(i), {(i + 1) % length}};
  EXPECT_EQ(order_by_dependency(nodes).size(), length);
  nodes.back().depends.clear();
  EXPECT_EQ(order_by_dependency(nodes).front(), length - 1);
}

}  // namespace
}  // namespace wheelbarrow::resolver
