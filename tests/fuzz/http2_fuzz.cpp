// HTTP/2 connections: the first byte of an input says how the rest, the frames after the client's magic,
// arrives.
#include <nghttp2/nghttp2.h>

#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "fuzz/check.hpp"
#include "fuzz/conversation.hpp"

namespace wheelbarrow::fuzz {
namespace {

// What a client checks that doesn't trust the server.
class Listener {
 public:
  Listener() {
    nghttp2_hd_inflater* inflater = nullptr;
    check(nghttp2_hd_inflate_new(&inflater) == 0, "there is memory");
    inflater_.reset(inflater);
  }

  // `whole` if the client has taken all that the server had to say.
  void hear(std::string_view output, bool whole) {
    bool first = true;
    while (output.size() >= header_size) {
      const auto number = [output](std::size_t from, std::size_t size) {
        std::uint32_t value = 0;
        for (const char c : output.substr(from, size)) {
          value = value << 8 | static_cast<unsigned char>(c);
        }
        return value;
      };
      const std::size_t length = number(0, 3);
      const auto type = static_cast<std::uint8_t>(number(3, 1));
      const auto flags = static_cast<std::uint8_t>(number(4, 1));
      const std::uint32_t stream = number(5, 4);
      if (output.size() < header_size + length) break;
      check(!first || type == NGHTTP2_SETTINGS, "SETTINGS come first");
      first = false;
      take(type, flags, stream, output.substr(header_size, length));
      output.remove_prefix(header_size + length);
    }
    check(!whole || output.empty(), "the last frame is whole");
  }

 private:
  static constexpr std::size_t header_size = 9;  // RFC 9113 4.1

  struct Stream {
    bool headers = false;
    bool ended = false;
    std::optional<std::size_t> length;
    std::size_t received = 0;
  };
  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };

  void take(std::uint8_t type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
    if (type == NGHTTP2_SETTINGS || type == NGHTTP2_PING || type == NGHTTP2_GOAWAY) {
      return check(id == 0, "a connection's frame is on stream 0");
    }
    if (type == NGHTTP2_WINDOW_UPDATE) return;
    check(id % 2 == 1, "a stream is the client's");
    Stream& stream = streams_[id];
    if (type == NGHTTP2_RST_STREAM) {
      stream.ended = true;
      return;
    }
    check(type == NGHTTP2_HEADERS || type == NGHTTP2_DATA, "a frame's type is one that the server sends");
    check(!stream.ended, "nothing follows the end of a stream");
    const bool ends = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
    stream.ended = ends;
    if (type == NGHTTP2_HEADERS) {
      check((flags & NGHTTP2_FLAG_END_HEADERS) != 0 && (flags & ~5U) == 0, "a header section is one frame");
      take_fields(stream, payload);
      return;
    }
    check(stream.headers, "DATA follow HEADERS");
    stream.received += payload.size();
    if (ends) check(stream.length == stream.received, "a body has its length");
  }

  void take_fields(Stream& stream, std::string_view block) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    bool first = true;
    while (true) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, bytes, left, 1);
      check(used >= 0, "a header section can be read");
      bytes += used;
      left -= static_cast<std::size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) take_field(stream, field, std::exchange(first, false));
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
  }

  static void take_field(Stream& stream, const nghttp2_nv& field, bool first) {
    const std::string_view name = text_of(field.name, field.namelen);
    const std::string_view value = text_of(field.value, field.valuelen);
    check(first == (name == ":status"), "the status comes first", name);
    if (name == ":status") {
      check(value.size() == 3 && !stream.headers, "one response answers a request", value);
      stream.headers = value != "100";
    }
    if (name != "content-length") return;
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    stream.length = length;
  }

  std::map<std::uint32_t, Stream> streams_;
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
};

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow::fuzz;
  std::string_view input = text_of(data, size);
  const Course course = Course::of(take_byte(input));
  const Conversation conversation = converse_http2(input, course);
  Listener().hear(conversation.output, course.takes == SIZE_MAX);
  return 0;
}
