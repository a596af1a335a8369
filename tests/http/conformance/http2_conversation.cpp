#include "http/conformance/http2_conversation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace wheelbarrow::http::conformance {
namespace {

constexpr std::chrono::seconds patience{3};
constexpr std::uint8_t padded = 8, priority = 0x20;

std::string name_of(std::uint8_t type) {
  static constexpr std::array<const char*, 10> names = {
      "DATA", "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
      "PUSH", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
  return type < names.size() ? names.at(type) : "type " + std::to_string(type);
}

bool is_connection_specific(std::string_view name) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"});
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::uint32_t number_at(const std::string& payload, std::size_t offset) {
  std::uint32_t number = 0;
  for (std::size_t i = offset; i < offset + 4 && offset + 4 <= payload.size(); ++i) {
    number = number << 8 | static_cast<unsigned char>(payload[i]);
  }
  return number;
}

std::optional<std::uint32_t> setting_in(const std::string& payload, std::uint16_t id) {
  std::optional<std::uint32_t> value;
  for (std::size_t at = 0; at + 6 <= payload.size(); at += 6) {
    if (payload.substr(at, 2) == h2::number(id).substr(2)) value = number_at(payload, at + 2);
  }
  return value;
}

Http2Conversation::Http2Conversation(unsigned short port) : client_(port) {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) throw std::runtime_error("no memory for an HPACK decoder");
  inflater_.reset(inflater);
}

void Http2Conversation::start(std::string_view bytes) {
  started_ = true;
  client_.send(bytes);
}

void Http2Conversation::send(std::string_view bytes) {
  if (started_) {
    client_.send(bytes);
  } else {
    start(h2::preface().append(bytes));
  }
}

bool Http2Conversation::read_frame() {
  const std::string head = client_.read(9, patience);
  if (head.size() < 9) return false;
  Frame frame{.type = static_cast<std::uint8_t>(head[3]),
              .flags = static_cast<std::uint8_t>(head[4]),
              .stream = number_at(head, 5),
              .payload = {}};
  const std::uint32_t size = number_at(head, 0) >> 8;
  frame.payload = client_.read(size, patience);
  if (frame.payload.size() < size) return false;
  EXPECT_TRUE(!frames_.empty() || (frame.type == h2::settings && (frame.flags & h2::ack) == 0))
      << "3.4: the first frame is not SETTINGS but " << name_of(frame.type);
  frames_.push_back(frame);
  take(frame);
  return true;
}

void Http2Conversation::take(const Frame& frame) {
  if (frame.type == h2::data || frame.type == h2::headers) {
    EXPECT_EQ(frame.flags & padded, 0) << "padding, which this reader doesn't take off";
    const Http2Response& response = responses_[frame.stream];
    EXPECT_FALSE(response.ended || response.reset)
        << "5.1: " << name_of(frame.type) << " after the end of stream " << frame.stream;
  }
  if (frame.type == h2::headers || frame.type == h2::continuation) {
    EXPECT_EQ(frame.flags & priority, 0) << "5.3.2: a response with priority";
    if (frame.type == h2::headers) {
      block_.clear();
      block_ends_stream_ = (frame.flags & h2::end_stream) != 0;
    }
    block_ += frame.payload;
    if ((frame.flags & h2::end_headers) != 0) {
      take_block(frame.stream, block_);
      if (block_ends_stream_) take_end(frame.stream);
    }
  }
  if (frame.type == h2::data) {
    Http2Response& response = responses_[frame.stream];
    response.body += frame.payload;
    response.data_sizes.push_back(frame.payload.size());
    if ((frame.flags & h2::end_stream) != 0) take_end(frame.stream);
  }
  if (frame.type == h2::reset) responses_[frame.stream].reset = number_at(frame.payload, 0);
}

void Http2Conversation::take_block(std::uint32_t stream, const std::string& block) {
  Http2Response& response = responses_[stream];
  Fields fields;
  unsigned status = 0;
  std::string_view rest = block;
  int flags = 0;
  while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
    nghttp2_nv nv{};
    flags = 0;
    const ssize_t used = nghttp2_hd_inflate_hd2(
        inflater_.get(), &nv, &flags, reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size(), 1);
    if (used < 0) {
      ADD_FAILURE() << "4.3: a field section that can't be decoded: "
                    << nghttp2_strerror(static_cast<int>(used));
      return;
    }
    rest.remove_prefix(static_cast<std::size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    const std::string name(reinterpret_cast<const char*>(nv.name), nv.namelen);
    const std::string value(reinterpret_cast<const char*>(nv.value), nv.valuelen);
    EXPECT_TRUE(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })) << "8.2.1: " << name;
    EXPECT_FALSE(is_connection_specific(name)) << "8.2.2: " << name;
    if (name == ":status") {
      EXPECT_EQ(fields.size(), 0U) << "8.3: :status after other fields";
      status = static_cast<unsigned>(std::stoul(value));
    } else {
      EXPECT_FALSE(name.starts_with(':')) << "8.3.2: " << name << " in a response";
      fields.add(name, value);
    }
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  EXPECT_NE(status, 0U) << "8.3.2: a response without :status";
  EXPECT_NE(status, 101U) << "8.6: 101 in HTTP/2";
  EXPECT_NE(status, 103U) << "early hints are not sent";
  if (status < 200) {
    response.informational.push_back(status);
    return;
  }
  response.status = status;
  response.fields = std::move(fields);
  response.block = block;
  EXPECT_TRUE(response.fields.has("date")) << "RFC 9110 6.6.1: no Date";
}

void Http2Conversation::take_end(std::uint32_t stream) {
  Http2Response& response = responses_[stream];
  response.ended = true;
  const bool bodiless = std::ranges::find(without_body_, stream) != without_body_.end();
  const std::optional<std::string> length = response.fields.get("content-length");
  if (response.status == 204 || response.status == 304 || bodiless) {
    EXPECT_TRUE(response.body.empty()) << "RFC 9110 6.4.1: a body where none may be";
  } else if (length) {
    EXPECT_EQ(*length, std::to_string(response.body.size())) << "8.1.1: Content-Length and the body differ";
  }
  EXPECT_FALSE(response.status == 204 && length) << "RFC 9110 8.6: Content-Length in a 204";
}

bool Http2Conversation::read_until(const std::function<bool()>& done) {
  while (!done()) {
    if (!read_frame()) return false;
  }
  return true;
}

bool Http2Conversation::closes() {
  while (read_frame()) {
  }
  return client_.closed_within(std::chrono::milliseconds(0));
}

bool Http2Conversation::ping() {
  const std::string payload = h2::number(0xC0FFEE) + h2::number(static_cast<std::uint32_t>(++pings_));
  send(h2::frame(h2::ping, 0, 0, payload));
  const std::size_t before = frames_.size();
  std::size_t looked_at = before;
  return read_until([this, &payload, &looked_at] {
    for (; looked_at < frames_.size(); ++looked_at) {
      const Frame& frame = frames_[looked_at];
      if (frame.type == h2::ping && frame.flags == h2::ack && frame.payload == payload) return true;
    }
    return false;
  });
}

const Frame* Http2Conversation::last(std::uint8_t type) const {
  const auto found = std::find_if(frames_.rbegin(), frames_.rend(),
                                  [type](const Frame& frame) { return frame.type == type; });
  return found == frames_.rend() ? nullptr : &*found;
}

std::string Http2Conversation::transcript() const {
  std::ostringstream out;
  for (const Frame& frame : frames_) {
    out << "  " << name_of(frame.type) << "  stream=" << frame.stream << " flags=" << int{frame.flags}
        << " length=" << frame.payload.size();
    if (frame.type == h2::goaway) {
      out << " last=" << number_at(frame.payload, 0) << " code=" << number_at(frame.payload, 4) << " "
          << frame.payload.substr(std::min<std::size_t>(8, frame.payload.size()));
    }
    if (frame.type == h2::reset || frame.type == h2::window) out << " " << number_at(frame.payload, 0);
    out << "\n";
  }
  for (const auto& [stream, response] : responses_) {
    out << "  stream " << stream << "  status=" << response.status << " body=" << response.body.size()
        << " bytes" << (response.ended ? ", ended" : "") << "\n";
  }
  return out.str();
}

}  // namespace wheelbarrow::http::conformance
