// Which streams a client may still open (RFC 9113 5.1.1). Private to this room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace wheelbarrow::http {

class StreamIds {
 public:
  // Takes note of a HEADERS frame. False if its stream was closed unused, because a higher one was opened.
  bool use(std::int32_t id) {
    if (id <= highest_) {
      return std::ranges::none_of(
          skipped_, [id](const auto& range) { return id >= range.first && id <= range.second; });
    }
    if (id > highest_ + 2) {
      // Nobody who leaves out so many will come back to the first of them.
      if (skipped_.size() == most_skipped) skipped_.erase(skipped_.begin());
      skipped_.emplace_back(highest_ + 2, id - 2);
    }
    highest_ = id;
    return true;
  }

 private:
  static constexpr std::size_t most_skipped = 100;

  std::int32_t highest_ = -1;
  std::vector<std::pair<std::int32_t, std::int32_t>> skipped_;  // first and last
};

}  // namespace wheelbarrow::http
