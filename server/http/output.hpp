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
  // Enough that the cost of a system call and of a TLS record's header disappears, little enough that a slow
  // client holds no memory worth naming and a new small response doesn't wait long behind it.
  static constexpr std::size_t full_size = 256 * 1024;
  // What one sendmsg() of Asio takes.
  static constexpr std::size_t full_pieces = 64;

  bool empty() const { return pieces_.empty(); }
  bool full() const { return size_ >= full_size || pieces_.size() >= full_pieces; }
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
