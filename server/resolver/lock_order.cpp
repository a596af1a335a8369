#include "resolver/lock_order.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace wheelbarrow::resolver {
namespace {

// Tarjan's strongly connected components, with a stack of its own instead of recursion.
class Components {
 public:
  explicit Components(const std::vector<LockNode>& nodes)
      : nodes_(nodes), index_(nodes.size(), unseen), low_(nodes.size()), component_(nodes.size(), unseen) {
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (index_[node] == unseen) visit(node);
    }
  }

  // The component of each node.
  const std::vector<std::size_t>& of() const { return component_; }
  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t unseen = static_cast<std::size_t>(-1);

  struct Visit {
    std::size_t node = 0;
    std::size_t next = 0;  // index into its dependencies
  };

  void enter(std::size_t node) {
    index_[node] = low_[node] = next_index_++;
    open_.push_back(node);
    visits_.push_back({node});
  }

  void visit(std::size_t start) {
    enter(start);
    while (!visits_.empty()) {
      Visit& current = visits_.back();
      const std::size_t node = current.node;
      if (current.next < nodes_[node].depends.size()) {
        const std::size_t other = nodes_[node].depends[current.next++];
        if (index_[other] == unseen) {
          enter(other);
        } else if (component_[other] == unseen) {
          low_[node] = std::min(low_[node], index_[other]);
        }
        continue;
      }
      visits_.pop_back();
      if (!visits_.empty()) low_[visits_.back().node] = std::min(low_[visits_.back().node], low_[node]);
      if (low_[node] == index_[node]) close(node);
    }
  }

  void close(std::size_t root) {
    std::size_t node = unseen;
    do {
      node = open_.back();
      open_.pop_back();
      component_[node] = count_;
    } while (node != root);
    ++count_;
  }

  const std::vector<LockNode>& nodes_;
  std::vector<std::size_t> index_;
  std::vector<std::size_t> low_;
  std::vector<std::size_t> component_;
  std::vector<std::size_t> open_;
  std::vector<Visit> visits_;
  std::size_t next_index_ = 0;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<std::size_t> order_by_dependency(const std::vector<LockNode>& nodes) {
  const Components components(nodes);
  std::vector<std::vector<std::size_t>> members(components.count());
  std::vector<std::set<std::size_t>> dependents(components.count());
  std::vector<std::size_t> missing(components.count());
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    const std::size_t component = components.of()[node];
    members[component].push_back(node);
    for (const std::size_t other : nodes[node].depends) {
      const std::size_t needed = components.of()[other];
      if (needed != component && dependents[needed].insert(component).second) ++missing[component];
    }
  }
  std::set<std::pair<std::string_view, std::size_t>> ready;  // smallest name, component
  const auto make_ready = [&](std::size_t component) {
    ready.emplace(nodes[members[component].front()].name, component);
  };
  for (std::size_t component = 0; component < members.size(); ++component) {
    std::ranges::sort(members[component], {},
                      [&](std::size_t node) { return std::string_view(nodes[node].name); });
    if (missing[component] == 0) make_ready(component);
  }
  std::vector<std::size_t> order;
  order.reserve(nodes.size());
  while (!ready.empty()) {
    const std::size_t component = ready.begin()->second;
    ready.erase(ready.begin());
    order.insert(order.end(), members[component].begin(), members[component].end());
    for (const std::size_t dependent : dependents[component]) {
      if (--missing[dependent] == 0) make_ready(dependent);
    }
  }
  return order;
}

}  // namespace wheelbarrow::resolver
