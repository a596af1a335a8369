// A reading position in a body. Private to this room.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/slice.hpp"

namespace wheelbarrow::http {

class RopeCursor {
 public:
  RopeCursor() = default;
  // REQUIRES: the slices stay where they are while the cursor is used.
  explicit RopeCursor(Slices&& slices) = delete;
  explicit RopeCursor(const Slices& slices) : slices_(&slices), left_(total_size(slices)) {}

  std::size_t left() const { return left_; }

  // Of the slice that take() takes from next.
  std::size_t slice_left() {
    skip_finished();
    return left_ == 0 ? 0 : (*slices_)[index_].size() - offset_;
  }

  // The next bytes up to a slice's end, at most `most`. Empty only at the end or for most == 0.
  Slice take(std::size_t most) {
    const std::size_t length = std::min(most, slice_left());
    if (length == 0) return {};
    Slice piece = (*slices_)[index_].part(offset_, length);
    offset_ += length;
    left_ -= length;
    return piece;
  }

 private:
  void skip_finished() {
    while (left_ > 0 && offset_ == (*slices_)[index_].size()) {
      ++index_;
      offset_ = 0;
    }
  }

  const Slices* slices_ = nullptr;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
  std::size_t left_ = 0;
};

}  // namespace wheelbarrow::http
