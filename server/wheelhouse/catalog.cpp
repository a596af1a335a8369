#include "wheelhouse/catalog.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>
#include <utility>

namespace wheelbarrow::wheelhouse {
namespace {

bool comes_before(const WheelPtr& a, const WheelPtr& b) {
  if (a->name() != b->name()) {
    return a->name() < b->name();
  }
  if (const auto order = a->version() <=> b->version(); order != 0) {
    return order > 0;
  }
  if (a->filename != b->filename) {
    return a->filename < b->filename;
  }
  return a->path < b->path;
}

// Stable, so that the first of several copies in comes_before() order stays.
void keep_one_of_each_hash(std::vector<WheelPtr>& wheels) {
  std::unordered_set<Sha256> seen;
  std::erase_if(wheels, [&](const WheelPtr& wheel) { return !seen.insert(wheel->sha256).second; });
}

// Each text is preceded by its length, so that no two catalogs hash the same bytes.
void update_with_length(Sha256Hasher& hasher, std::string_view text) {
  std::array<std::byte, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>(static_cast<std::uint64_t>(text.size()) >> (8 * i));
  }
  hasher.update(length);
  hasher.update(text);
}

Sha256 identity(const Catalog::Parts& parts) {
  std::vector<const Wheel*> wheels;
  wheels.reserve(parts.wheels.size());
  for (const WheelPtr& wheel : parts.wheels) {
    wheels.push_back(wheel.get());
  }
  std::ranges::sort(wheels, {}, &Wheel::sha256);
  Sha256Hasher hasher;
  for (const Wheel* wheel : wheels) {
    update_with_length(hasher, "wheel");
    hasher.update(std::as_bytes(std::span(wheel->sha256.bytes)));
    update_with_length(hasher, wheel->filename);
    for (const std::string& project : wheel->distribution_depends) {
      update_with_length(hasher, project);
    }
    if (wheel->yanked) {
      update_with_length(hasher, "(yanked)");  // no project's name
      update_with_length(hasher, *wheel->yanked);
    }
  }
  if (parts.pyodide) {
    update_with_length(hasher, "pyodide");
    update_with_length(hasher, parts.pyodide->lock_text);
  }
  return hasher.finish();
}

}  // namespace

Catalog::Catalog(Parts parts) : parts_(std::move(parts)) {
  std::ranges::sort(parts_.wheels, comes_before);
  keep_one_of_each_hash(parts_.wheels);
  id_ = identity(parts_);
  by_hash_.reserve(parts_.wheels.size());
  const std::span<const WheelPtr> all(parts_.wheels);
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    while (end < all.size() && all[end]->name() == all[begin]->name()) {
      by_hash_.emplace(all[end]->sha256, all[end]);
      ++end;
    }
    projects_.emplace(all[begin]->name(), all.subspan(begin, end - begin));
    begin = end;
  }
}

std::span<const WheelPtr> Catalog::project(std::string_view name) const {
  const auto found = projects_.find(name);
  return found == projects_.end() ? std::span<const WheelPtr>() : found->second;
}

WheelPtr Catalog::find(const Sha256& sha256) const {
  const auto found = by_hash_.find(sha256);
  return found == by_hash_.end() ? nullptr : found->second;
}

}  // namespace wheelbarrow::wheelhouse
