// How the engine makes the parts of a bundle; see parts.hpp. All of it runs in build threads.
#include <algorithm>

#include "bundle/coded_size.hpp"
#include "bundle/engine.hpp"

namespace wheelbarrow::bundle {
namespace {

using store::Blob;

// What a member's manifest entry and tar headers add, coded bytes.
constexpr std::uint64_t overhead = 1024;

}  // namespace

// Joins the parts first, because the whole names them. Each byte of a bundle that is cut is so hashed twice;
// parts that another set has too are not hashed again.
Result<BundlePtr> Engine::make_whole(Manifest planned, const std::vector<Blob>& layers) {
  const auto groups = cut(weigh(planned, layers), options_.max_part);
  if (groups.size() > 1) {
    for (const auto& group : groups) {
      const auto part = make_part(planned, group, layers);
      if (!part) return part;
      Part named{(*part)->sha256, (*part)->size(), {}};
      for (const Member& member : (*part)->manifest.members) {
        named.wheels.push_back(member.name);
      }
      planned.parts.push_back(std::move(named));
    }
  }
  auto whole = assemble(std::move(planned), layers);
  if (whole) ++statistics_.bundles_assembled;
  return whole;
}

Result<BundlePtr> Engine::make_part(const Manifest& whole, std::span<const std::size_t> members,
                                    const std::vector<Blob>& layers) {
  Manifest planned = plan_part(whole, members);
  const std::string key = "plan/" + sha256(plan_text(planned)).hex();
  if (auto known = by_plan_.get(key)) {
    // It may have been forgotten under its hash since.
    remember(*known);
    return *known;
  }
  std::vector<Blob> own;
  own.reserve(members.size());
  for (const std::size_t i : members) {
    own.push_back(layers[i]);
  }
  auto part = assemble(std::move(planned), std::move(own));
  if (part) {
    ++statistics_.bundles_assembled;
    by_plan_.put(key, *part, weight_of((*part)->manifest));
    remember(*part);
  }
  return part;
}

// A bundle found by its name promises its parts; what of them was forgotten is made again.
Result<void> Engine::restore_parts(const Manifest& whole, const std::vector<Blob>& layers) {
  for (const Part& part : whole.parts) {
    const auto known = store_.find("bundle/" + part.sha256.hex());
    if (!known) return std::unexpected(known.error());
    if (*known) continue;
    std::vector<std::size_t> members;
    for (const std::string& name : part.wheels) {
      const auto found = std::ranges::find(whole.members, name, &Member::name);
      if (found != whole.members.end())
        members.push_back(static_cast<std::size_t>(found - whole.members.begin()));
    }
    if (const auto made = make_part(whole, members, layers); !made) return std::unexpected(made.error());
  }
  return {};
}

// No estimate is above the bytes themselves, so what is small anyway isn't looked at.
std::vector<Weight> Engine::weigh(const Manifest& manifest, const std::vector<Blob>& layers) {
  std::vector<Weight> weights;
  weights.reserve(layers.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    weights.push_back({manifest.members[i].name, layers[i].bytes.size() + overhead});
    total += weights.back().size;
  }
  if (total <= options_.max_part) return weights;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string key = layers[i].sha256.hex();
    auto known = weights_.get(key);
    if (!known) {
      known = estimate_coded_size(layers[i].bytes.bytes);
      weights_.put(key, *known);
    }
    weights[i].size = *known + overhead;
  }
  return weights;
}

}  // namespace wheelbarrow::bundle
