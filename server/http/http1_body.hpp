// The end of an HTTP/1.1 request's body (RFC 9112 6 and 7.1). Private to this room.
//
// What matters most is where it ends, because that is what request smuggling is about (RFC 9112 11.2):
// whoever reads a chunk's line more generously than the next one sees another request. So the grammar is kept
// to the letter, and what departs from it is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wheelbarrow::http {

class Http1Body {
 public:
  static Http1Body of_length(std::uint64_t length, std::uint64_t most);
  static Http1Body chunked(std::uint64_t most);

  // Another limit of its data. REQUIRES: none of it has been taken.
  void allow(std::uint64_t most) { room_ = most; }

  enum class Step {
    need_more,
    complete,
    too_large,  // more than `most` bytes of data
    malformed,  // or a chunk's line or a trailer section longer than any needs
  };

  // Takes what belongs to the body off the front of `received`, and adds its data to `data` unless that is
  // null.
  Step step(std::string& received, std::string* data = nullptr);

 private:
  enum class Phase { data, chunk_line, chunk_end, trailers };

  Http1Body(Phase phase, std::uint64_t left, std::uint64_t most, bool is_chunked)
      : phase_(phase), left_(left), room_(most), is_chunked_(is_chunked) {}

  Step begin_chunk(std::string_view line);

  Phase phase_;
  std::uint64_t left_;  // of the data
  std::uint64_t room_;  // bytes of data that may still come
  bool is_chunked_;
  std::size_t trailers_ = 0;  // bytes of trailer fields so far
};

}  // namespace wheelbarrow::http
