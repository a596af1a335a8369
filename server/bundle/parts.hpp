// Cutting a large bundle into parts. Browsers silently keep no cache entry above a limit, so what is larger
// than that is fetched again on every visit. A part is a bundle of some of the members and says nothing of
// the others: neither their requirements nor its members' dependencies are in it. So parts have names that
// sets share, and a change of one wheel leaves the names of most parts alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bundle/manifest.hpp"

namespace wheelbarrow::bundle {

// Bytes that a bundle may have in coded form, by estimate_coded_size(), before it is cut: Firefox keeps 50
// MB, Chromium an eighth of its cache.
inline constexpr std::uint64_t default_max_part = std::uint64_t{32} * 1024 * 1024;

struct Weight {
  std::string name;        // canonical; no two are equal
  std::uint64_t size = 0;  // coded bytes, estimated
};

// The parts as indices of `members`, each part by name. No part of several members is above `limit` in all.
// One group, or none, if there is nothing to cut. The order of `members` means nothing.
std::vector<std::vector<std::size_t>> cut(std::span<const Weight> members, std::uint64_t limit);

// The plan of the part that has those members of `whole`.
Manifest plan_part(const Manifest& whole, std::span<const std::size_t> members);

}  // namespace wheelbarrow::bundle
