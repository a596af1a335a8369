#include "http/http1_body.hpp"

#include <algorithm>
#include <charconv>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

constexpr std::size_t max_line = 4096;        // of a chunk's line
constexpr std::size_t max_trailers = 16'384;  // of the trailer section

// field-vchar, SP and HTAB (RFC 9110 5.5): no control character, and so no line break that only some see.
bool is_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// A field line that may be a trailer: not one that begins with white space, which would be a folded line (RFC
// 9112 5.2), and none that says where a body ends (RFC 9110 6.5.1).
bool is_trailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  return is_token(name) && is_text(line) && !equal_ignoring_case(name, "content-length") &&
         !equal_ignoring_case(name, "transfer-encoding");
}

}  // namespace

Http1Body Http1Body::of_length(std::uint64_t length, std::uint64_t most) {
  return {Phase::data, length, most, false};
}

Http1Body Http1Body::chunked(std::uint64_t most) {
  return {Phase::chunk_line, 0, most, true};
}

// chunk-size [ chunk-ext ]
Http1Body::Step Http1Body::begin_chunk(std::string_view line) {
  const std::size_t size_end = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  const auto [end, error] = std::from_chars(line.data(), line.data() + size_end, left_, 16);
  if (error == std::errc::result_out_of_range) return Step::too_large;
  const std::string_view extension = trim(line.substr(size_end));
  if (error != std::errc{} || end != line.data() + size_end || !is_text(line) ||
      (size_end < line.size() && !extension.starts_with(';'))) {
    return Step::malformed;
  }
  if (left_ > room_) return Step::too_large;
  phase_ = left_ == 0 ? Phase::trailers : Phase::data;
  return Step::need_more;
}

Http1Body::Step Http1Body::step(std::string& received, std::string* data) {
  std::string_view rest(received);
  const auto leave = [&](Step step) {
    received.erase(0, received.size() - rest.size());
    return step;
  };
  while (true) {
    if (phase_ == Phase::data) {
      if (left_ > room_) return Step::too_large;
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      if (data != nullptr) data->append(rest.substr(0, size));
      rest.remove_prefix(size);
      left_ -= size;
      room_ -= size;
      if (left_ > 0) return leave(Step::need_more);
      if (!is_chunked_) return leave(Step::complete);
      phase_ = Phase::chunk_end;
    }
    // The last trailer may be longer than what is left, by its line feed.
    const std::size_t most =
        phase_ == Phase::trailers ? max_trailers - std::min(trailers_, max_trailers) : max_line;
    const std::size_t feed = rest.find('\n');
    if (std::min(feed, rest.size()) > most) return Step::malformed;
    if (feed == std::string_view::npos) return leave(Step::need_more);
    if (feed == 0 || rest[feed - 1] != '\r') return Step::malformed;
    const std::string_view line = rest.substr(0, feed - 1);
    rest.remove_prefix(feed + 1);
    if (phase_ == Phase::chunk_end) {
      if (!line.empty()) return Step::malformed;
      phase_ = Phase::chunk_line;
    } else if (phase_ == Phase::chunk_line) {
      if (const Step step = begin_chunk(line); step != Step::need_more) return step;
    } else {
      if (line.empty()) return leave(Step::complete);
      trailers_ += feed + 1;
      if (!is_trailer(line)) return Step::malformed;
    }
  }
}

}  // namespace wheelbarrow::http
