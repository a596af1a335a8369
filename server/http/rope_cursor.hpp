// A reading position in a body. Private to this room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/slice.hpp"

namespace wheelbarrow::http {

class RopeCursor {
 public:
  RopeCursor() = default;
  explicit RopeCursor(Slices slices) : slices_(std::move(slices)), left_(total_size(slices_)) {}

  std::size_t left() const { return left_; }

  // The next bytes up to a slice's end, at most `most`. Empty only at the end or for most == 0.
  Slice take(std::size_t most) {
    while (index_ < slices_.size() && offset_ == slices_[index_].size()) {
      slices_[index_] = {};  // nothing needs its owner any more
      ++index_;
      offset_ = 0;
    }
    if (index_ == slices_.size()) return {};
    const std::size_t length = std::min(most, slices_[index_].size() - offset_);
    Slice piece = slices_[index_].part(offset_, length);
    offset_ += length;
    left_ -= length;
    return piece;
  }

 private:
  Slices slices_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
  std::size_t left_ = 0;
};

}  // namespace wheelbarrow::http
