#include "http/conformance/http2_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace wheelbarrow::http::conformance {
namespace {

std::string entries_of(std::initializer_list<std::pair<Setting, std::uint32_t>> entries) {
  std::string bytes;
  for (const auto& [id, value] : entries) {
    bytes += h2::setting(static_cast<std::uint16_t>(id), value);
  }
  return bytes;
}

void expect_usable(Http2Conversation& conversation) {
  const std::uint32_t stream = conversation.fresh_stream();
  conversation.send(get(stream));
  const Http2Response& response = conversation.response(stream);
  conversation.read_until([&response] { return response.ended || response.reset; });
  EXPECT_EQ(response.body, "hello\n") << "the connection is of no use any more";
}

// Until the stream is over one way or the other.
const Http2Response& read_response(Http2Conversation& conversation, std::uint32_t stream) {
  const Http2Response& response = conversation.response(stream);
  conversation.read_until([&response] { return response.ended || response.reset; });
  EXPECT_TRUE(response.ended || response.reset) << "no end of stream " << stream;
  return response;
}

}  // namespace

std::string headers(std::uint32_t stream, std::string_view block, std::uint8_t flags) {
  return frame(h2::headers, flags, stream, block);
}

std::string continuation(std::uint32_t stream, std::string_view block, std::uint8_t flags) {
  return frame(h2::continuation, flags, stream, block);
}

std::string pseudo(std::string_view method, std::string_view path) {
  return field(":method", method) + field(":scheme", "http") + field(":path", path) +
         field(":authority", "h");
}

std::string get(std::uint32_t stream, std::string_view path, std::string_view more_fields) {
  return headers(stream, pseudo("GET", path).append(more_fields));
}

std::string post(std::uint32_t stream, std::string_view more_fields) {
  return headers(stream, pseudo("POST").append(more_fields), flag::end_headers);
}

std::string waiting(std::uint32_t stream) {
  return get(stream, "/wait?ms=60000");
}

std::string data(std::uint32_t stream, std::string_view payload, std::uint8_t flags) {
  return frame(h2::data, flags, stream, payload);
}

std::string last_data(std::uint32_t stream, std::string_view payload) {
  return data(stream, payload, flag::end_stream);
}

std::string trailers(std::uint32_t stream, std::string_view block) {
  return headers(stream, block);
}

std::string priority(std::uint32_t stream, std::uint32_t depends_on) {
  return frame(2, flag::none, stream, h2::number(depends_on) + '\x0f');
}

std::string reset(std::uint32_t stream, Code code) {
  return frame(h2::reset, flag::none, stream, h2::number(static_cast<std::uint32_t>(code)));
}

std::string settings(std::initializer_list<std::pair<Setting, std::uint32_t>> entries) {
  return frame(h2::settings, flag::none, 0, entries_of(entries));
}

std::string ping(std::string_view payload, std::uint8_t flags) {
  return frame(h2::ping, flags, 0, payload);
}

std::string goaway(Code code, std::string_view debug) {
  return frame(h2::goaway, flag::none, 0,
               (h2::number(0) + h2::number(static_cast<std::uint32_t>(code))).append(debug));
}

std::string window_update(std::uint32_t stream, std::uint32_t increment) {
  return frame(h2::window, flag::none, stream, h2::number(increment));
}

Http2Steps with(std::initializer_list<std::pair<Setting, std::uint32_t>> entries) {
  return start(h2::preface(entries_of(entries)));
}

Http2Steps start(std::string bytes) {
  return check([bytes = std::move(bytes)](Http2Conversation& conversation) { conversation.start(bytes); });
}

Http2Steps connection_error(Code code, std::optional<Code> or_else) {
  return check([code, or_else](Http2Conversation& conversation) {
    EXPECT_TRUE(conversation.closes()) << "the connection stays open";
    const Frame* last = conversation.last(h2::goaway);
    if (last == nullptr) {
      ADD_FAILURE() << "5.4.1: no GOAWAY";
      return;
    }
    const Code said{number_at(last->payload, 4)};
    EXPECT_TRUE(said == code || said == or_else) << "GOAWAY with code " << static_cast<std::uint32_t>(said);
  });
}

Http2Steps closed() {
  return check([](Http2Conversation& conversation) {
    EXPECT_TRUE(conversation.closes()) << "the connection stays open";
  });
}

Http2Steps stream_error(std::uint32_t stream, Code code) {
  return check([stream, code](Http2Conversation& conversation) {
    const Http2Response& response = conversation.response(stream);
    conversation.read_until([&response] { return response.reset || response.ended; });
    EXPECT_EQ(response.reset, static_cast<std::uint32_t>(code)) << "RST_STREAM of stream " << stream;
    expect_usable(conversation);
  });
}

Http2Steps completes(std::uint32_t stream, unsigned status) {
  return check([stream, status](Http2Conversation& conversation) {
    EXPECT_EQ(read_response(conversation, stream).status, status);
  });
}

Http2Steps answered(std::uint32_t stream, unsigned status) {
  return completes(stream, status) + usable();
}

Http2Steps answered(std::uint32_t stream, unsigned status, std::string body) {
  return check([stream, status, body = std::move(body)](Http2Conversation& conversation) {
    const Http2Response& response = read_response(conversation, stream);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, body);
    expect_usable(conversation);
  });
}

Http2Steps completes_head(std::uint32_t stream, unsigned status) {
  return check([stream, status](Http2Conversation& conversation) {
    conversation.expect_no_body(stream);
    const Http2Response& response = read_response(conversation, stream);
    EXPECT_EQ(response.status, status);
    EXPECT_TRUE(response.data_sizes.empty()) << "a DATA frame for HEAD";
  });
}

Http2Steps answered_head(std::uint32_t stream, unsigned status) {
  return completes_head(stream, status) + usable();
}

Http2Steps ignored() {
  return check([](Http2Conversation& conversation) {
    EXPECT_TRUE(conversation.ping()) << "closed";
    EXPECT_EQ(conversation.last(h2::reset), nullptr) << "RST_STREAM";
    EXPECT_EQ(conversation.last(h2::goaway), nullptr) << "GOAWAY";
    expect_usable(conversation);
  });
}

Http2Steps usable() {
  return check([](Http2Conversation& conversation) {
    EXPECT_TRUE(conversation.ping()) << "closed";
    EXPECT_EQ(conversation.last(h2::goaway), nullptr) << "GOAWAY";
    expect_usable(conversation);
  });
}

Http2Steps receives(std::uint32_t stream, std::size_t bytes) {
  return check([stream, bytes](Http2Conversation& conversation) {
    Http2Response& response = conversation.response(stream);
    response.expected += bytes;
    conversation.read_until(
        [&response] { return response.status != 0 && response.body.size() >= response.expected; });
    // One round trip for what the server had queued behind its answer to the first.
    EXPECT_TRUE(conversation.ping() && conversation.ping()) << "closed";
    EXPECT_EQ(response.body.size(), response.expected) << "bytes of stream " << stream;
  });
}

Http2Steps responds(std::uint32_t stream) {
  return check([stream](Http2Conversation& conversation) {
    const Http2Response& response = conversation.response(stream);
    conversation.read_until([&response] { return response.status != 0 || response.reset; });
    EXPECT_NE(response.status, 0U) << "no response on stream " << stream;
  });
}

Http2Steps sends(std::uint8_t type, std::function<bool(const Frame&)> is_right) {
  return check([type, is_right = std::move(is_right)](Http2Conversation& conversation) {
    const auto found = [&] {
      return std::ranges::any_of(conversation.frames(),
                                 [&](const Frame& one) { return one.type == type && is_right(one); });
    };
    EXPECT_TRUE(conversation.read_until(found)) << "no such frame of type " << int{type};
  });
}

Http2Steps settled() {
  return check([](Http2Conversation& conversation) { EXPECT_TRUE(conversation.ping()) << "closed"; });
}

Http2Steps check(Http2Steps::Step step) {
  return Http2Steps(std::move(step));
}

}  // namespace wheelbarrow::http::conformance
