// Filling parts one after another up to the limit would move every later border when one size changes. Here
// borders have ranks of their own: the SHA-256 of the name of the member behind them. Members stand in the
// order of their names, and a run that is too large is cut at its highest border, its halves likewise, until
// every piece fits. Sizes decide only how far cutting goes on, never where. So
//
//   - a member of another size touches the piece that it is in, and the neighbours that this piece joins or
//     is cut from;
//   - a member that comes or goes touches the piece where its name belongs.
//
// A member above half of the limit stands alone from the beginning: every run with it in would be too large,
// and its neighbours would be cut off one by one.
#include "bundle/parts.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/sha256.hpp"

namespace wheelbarrow::bundle {
namespace {

using Run = std::span<const std::size_t>;

class Cutter {
 public:
  Cutter(std::span<const Weight> members, std::uint64_t limit) : members_(members), limit_(limit) {
    ranks_.reserve(members.size());
    for (const Weight& member : members) {
      ranks_.push_back(sha256(member.name));
    }
  }

  std::vector<std::vector<std::size_t>> cut() && {
    std::vector<std::size_t> small;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].size > limit_ / 2) {
        parts_.push_back({i});
      } else {
        small.push_back(i);
      }
    }
    std::ranges::sort(small, {}, [this](std::size_t i) -> const std::string& { return members_[i].name; });
    cut_small(small);
    std::ranges::sort(parts_, {}, [this](const std::vector<std::size_t>& part) -> const std::string& {
      return members_[part.front()].name;
    });
    return std::move(parts_);
  }

 private:
  // A stack of its own: names can be chosen so that every cut takes one member off.
  void cut_small(Run all) {
    std::vector<Run> runs{all};
    while (!runs.empty()) {
      const Run run = runs.back();
      runs.pop_back();
      if (run.empty()) continue;
      if (fits(run)) {
        parts_.emplace_back(run.begin(), run.end());
        continue;
      }
      const auto behind = run.subspan(1);
      const auto border = std::ranges::max_element(
          behind, {}, [this](std::size_t i) -> const auto& { return ranks_[i].bytes; });
      const auto length = static_cast<std::size_t>(border - behind.begin()) + 1;
      runs.push_back(run.subspan(length));
      runs.push_back(run.first(length));
    }
  }

  bool fits(Run run) const {
    if (run.size() == 1) return true;
    std::uint64_t size = 0;
    for (const std::size_t i : run) {
      size += members_[i].size;
    }
    return size <= limit_;
  }

  std::span<const Weight> members_;
  std::uint64_t limit_;
  std::vector<Sha256> ranks_;
  std::vector<std::vector<std::size_t>> parts_;
};

}  // namespace

std::vector<std::vector<std::size_t>> cut(std::span<const Weight> members, std::uint64_t limit) {
  const auto total =
      std::accumulate(members.begin(), members.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const Weight& member) { return sum + member.size; });
  if (total <= limit) return {};
  return Cutter(members, limit).cut();
}

Manifest plan_part(const Manifest& whole, std::span<const std::size_t> members) {
  Manifest part = whole;
  part.requirements.clear();
  part.parts.clear();
  part.members.clear();
  part.members.reserve(members.size());
  for (const std::size_t i : members) {
    part.members.push_back(whole.members[i]);
    part.members.back().depends.clear();
  }
  return part;
}

}  // namespace wheelbarrow::bundle
