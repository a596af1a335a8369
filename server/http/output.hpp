// What is gathered for one write: small pieces copied together, body slices by reference. Private to this
// room.
#pragma once

#include <boost/asio/buffer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/slice.hpp"

namespace wheelbarrow::http {

class Output {
 public:
  // What one sendmsg() of Asio takes.
  static constexpr std::size_t full_pieces = 64;

  bool empty() const { return pieces_.empty(); }
  // Whether it is a batch of so many bytes (see Transport::batch_size()).
  bool full(std::size_t batch) const { return size_ >= batch || pieces_.size() >= full_pieces; }
  std::size_t size() const { return size_; }

  // Copies.
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (pieces_.empty() || pieces_.back().is_slice)
      pieces_.push_back({.is_slice = false, .start = copied_.size()});
    pieces_.back().length += bytes.size();
    copied_.append(bytes);
    size_ += bytes.size();
  }

  // Keeps the slice's owner until clear().
  void append(Slice slice) {
    if (slice.size() == 0) return;
    size_ += slice.size();
    pieces_.push_back({.is_slice = true, .slice = std::move(slice)});
  }

  // Valid until the next append() or clear().
  std::vector<boost::asio::const_buffer> buffers() const {
    std::vector<boost::asio::const_buffer> buffers;
    buffers.reserve(pieces_.size());
    for (const Piece& piece : pieces_) {
      if (piece.is_slice) {
        buffers.emplace_back(piece.slice.bytes.data(), piece.slice.size());
      } else {
        buffers.emplace_back(copied_.data() + piece.start, piece.length);
      }
    }
    return buffers;
  }

  void clear() {
    pieces_.clear();
    copied_.clear();
    size_ = 0;
  }

 private:
  struct Piece {
    bool is_slice = false;
    std::size_t start = 0;  // in copied_
    std::size_t length = 0;
    Slice slice = {};
  };
  std::vector<Piece> pieces_;
  std::string copied_;
  std::size_t size_ = 0;
};

}  // namespace wheelbarrow::http
