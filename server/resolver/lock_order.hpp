// Private to this room: the order of a lock.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace wheelbarrow::resolver {

struct LockNode {
  std::string name;
  std::vector<std::size_t> depends;  // indices of other nodes
};

// The indices of `nodes` such that what a node depends on stands before it. A cycle counts as one node: its
// members stand together, by name. Among nodes whose dependencies have all been placed, the one with the
// smallest name is next (for a cycle: its smallest).
std::vector<std::size_t> order_by_dependency(const std::vector<LockNode>& nodes);

}  // namespace wheelbarrow::resolver
