// One HTTP/2 connection of a conformance case: sends what the case says, and keeps everything that the server
// sends. What RFC 9113 and RFC 9110 demand of every frame and every response is checked as it arrives,
// whatever the case is about.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/raw_client.hpp"

namespace wheelbarrow::http::conformance {

struct Http2Response {
  std::vector<unsigned> informational;  // 1xx statuses, in order
  unsigned status = 0;                  // of the final response; 0 before it
  Fields fields;
  std::string block;  // the field section as it came, still encoded
  std::string body;
  std::vector<std::size_t> data_sizes;  // of the DATA frames
  bool ended = false;
  std::optional<std::uint32_t> reset;  // RST_STREAM's error code
  std::size_t expected = 0;            // bytes of the body that the case has accounted for
};

class Http2Conversation {
 public:
  explicit Http2Conversation(unsigned short port);

  // The first bytes of the connection, instead of the usual preface.
  void start(std::string_view bytes);
  // Sends, after the usual preface if nothing has been sent yet. Whether the server still listens shows
  // later.
  void send(std::string_view bytes);

  // Reads frames until `done`. False if the server closes first, or a time is up that no good server needs.
  bool read_until(const std::function<bool()>& done);
  // Whether the server closes.
  bool closes();
  // A round trip: whatever the server had to send before is here after it. False if the server closed.
  bool ping();

  Http2Response& response(std::uint32_t stream) { return responses_[stream]; }
  const std::vector<Frame>& frames() const { return frames_; }
  const Frame* last(std::uint8_t type) const;
  // A stream that no case uses by itself.
  std::uint32_t fresh_stream() { return fresh_ += 2; }
  // Cases in which the client sends HEAD say so: the response has a length and no body.
  void expect_no_body(std::uint32_t stream) { without_body_.push_back(stream); }

  std::string transcript() const;

 private:
  struct InflaterDeleter {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };

  bool read_frame();
  void take(const Frame& frame);
  void take_block(std::uint32_t stream, const std::string& block);
  void take_end(std::uint32_t stream);

  RawClient client_;
  bool started_ = false;
  std::vector<Frame> frames_;
  std::map<std::uint32_t, Http2Response> responses_;
  std::vector<std::uint32_t> without_body_;
  std::string block_;               // of a field section that goes on
  bool block_ends_stream_ = false;  // what its HEADERS frame said
  std::uint32_t fresh_ = 1'000'001;
  int pings_ = 0;
  std::unique_ptr<nghttp2_hd_inflater, InflaterDeleter> inflater_;
};

// The number in `payload` at `offset`; 0 past its end.
std::uint32_t number_at(const std::string& payload, std::size_t offset);
// The value of a setting in a SETTINGS payload.
std::optional<std::uint32_t> setting_in(const std::string& payload, std::uint16_t id);

}  // namespace wheelbarrow::http::conformance
