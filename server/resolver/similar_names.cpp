#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "packaging/name.hpp"
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

// 0 for a project whose modules are imported under the name, as with "docx" and python-docx; then by edits;
// then for a part of the name, as with "opencv-python-headless" and opencv-python. Nothing if it is unlike.
std::optional<std::size_t> likeness(const std::string& name, const wheelhouse::Wheel& wheel) {
  const auto is_meant = [&](const std::string& import) {
    return packaging::canonicalize_name(import) == name;
  };
  if (std::ranges::any_of(wheel.imports, is_meant)) return 0;
  const std::string& other = wheel.name();
  constexpr std::size_t short_name = 4;
  const std::size_t allowed = name.size() <= short_name ? 1 : 2;
  if (other.size() <= name.size() + allowed && name.size() <= other.size() + allowed) {
    if (const std::size_t distance = edit_distance(name, other); distance <= allowed) return distance;
  }
  if (name.starts_with(other + '-') || other.starts_with(name + '-')) return allowed + 1;
  return std::nullopt;
}

}  // namespace

std::vector<std::string> similar_names(const wheelhouse::Catalog& catalog, const std::string& name) {
  if (name.size() > longest_name) return {};
  std::set<std::pair<std::size_t, std::string>> found;
  const std::string* previous = nullptr;
  for (const wheelhouse::WheelPtr& wheel : catalog.wheels()) {
    const std::string& other = wheel->name();
    if (previous != nullptr && *previous == other) continue;
    previous = &other;
    if (const auto place = likeness(name, *wheel)) found.emplace(*place, other);
  }
  constexpr std::size_t most = 3;
  std::vector<std::string> names;
  for (const auto& [place, other] : found) {
    if (names.size() < most) names.push_back(other);
  }
  return names;
}

}  // namespace wheelbarrow::resolver
