#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "resolver/diagnosis.hpp"

namespace wheelbarrow::resolver {
namespace {

constexpr std::size_t longest_name = 64;  // longer ones are not typed, so not mistyped

// Levenshtein's distance.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> similar_names(const wheelhouse::Catalog& catalog, const std::string& name) {
  if (name.size() > longest_name) return {};
  constexpr std::size_t short_name = 4;
  const std::size_t allowed = name.size() <= short_name ? 1 : 2;
  std::set<std::pair<std::size_t, std::string>> found;
  const std::string* previous = nullptr;
  for (const wheelhouse::WheelPtr& wheel : catalog.wheels()) {
    const std::string& other = wheel->name();
    if (previous != nullptr && *previous == other) continue;
    previous = &other;
    if (other.size() > name.size() + allowed || name.size() > other.size() + allowed) continue;
    const std::size_t distance = edit_distance(name, other);
    if (distance <= allowed) found.emplace(distance, other);
  }
  constexpr std::size_t most = 3;
  std::vector<std::string> names;
  for (const auto& [distance, other] : found) {
    if (names.size() < most) names.push_back(other);
  }
  return names;
}

}  // namespace wheelbarrow::resolver
