// RFC 9113 8: what makes an HTTP/2 request malformed, and what its response looks like.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using namespace std::literals;

const Http2Steps malformed = stream_error(1, protocol_error);  // 8.1.1

const std::string method = field(":method", "GET"), scheme = field(":scheme", "http"),
                  path = field(":path", "/hello"), authority = field(":authority", "h");

std::string get_with(std::string_view name, std::string_view value) {
  return get(1, "/hello", field(name, value));
}

std::string post_with_length(std::string_view length) {
  return post(1, field("content-length", length));
}

std::vector<Http2Case> messages() {
  return {
      {"8.1 trailers are taken", post(1) + data(1, "hello") + trailers(1), answered(1, 200)},
      {"8.1 trailers without a body are taken", post(1) + trailers(1), answered(1, 200)},
      {"8.1 trailers without END_STREAM", post(1) + headers(1, field("x", "1"), flag::end_headers),
       malformed},
      {"8.1 trailers with a pseudo-field", post(1) + trailers(1, field(":path", "/x")), malformed},
      {"8.1 trailers with :status", post(1) + trailers(1, field(":status", "200")), malformed},
      {"8.1 trailers with an upper case name", post(1) + trailers(1, field("X-Trailer", "1")), malformed},
      {"8.1 trailers with Connection", post(1) + trailers(1, field("connection", "close")), malformed},
      {"8.1 an empty field section", headers(1, ""), malformed},
      {"8.1.1 Content-Length that agrees", post_with_length("5") + last_data(1, "hello"), answered(1, 200)},
      {"8.1.1 Content-Length does not count padding",
       post_with_length("5") + data(1, "\x03hello\0\0\0"s, flag::end_stream | flag::padded),
       answered(1, 200)},
      {"8.1.1 Content-Length over several DATA frames",
       post_with_length("5") + data(1, "he") + data(1, "") + last_data(1, "llo"), answered(1, 200)},
      {"8.1.1 Content-Length before trailers", post_with_length("5") + data(1, "hello") + trailers(1),
       answered(1, 200)},
      {"8.1.1 Content-Length of 0 without DATA", get_with("content-length", "0"), answered(1, 200)},
      {"8.1.1 a body longer than Content-Length", post_with_length("4") + last_data(1, "hello"), malformed},
      {"8.1.1 a body longer than Content-Length so far", post_with_length("4") + data(1, "hello"), malformed},
      {"8.1.1 a body shorter than Content-Length", post_with_length("6") + last_data(1, "hello"), malformed},
      {"8.1.1 a body shorter than Content-Length before trailers",
       post_with_length("6") + data(1, "hello") + trailers(1), malformed},
      {"8.1.1 Content-Length without a body", get_with("content-length", "1"), malformed},
      {"8.1.1 Content-Length of 0 with a body", post_with_length("0") + last_data(1, "x"), malformed},
      {"8.1.1 Content-Length twice", post(1, field("content-length", "5") + field("content-length", "5")),
       malformed},
      {"8.1.1 Content-Length twice and different",
       post(1, field("content-length", "5") + field("content-length", "6")), malformed},
      {"8.1.1 Content-Length that is a list", post_with_length("5, 5"), malformed},
      {"8.1.1 Content-Length that is negative", post_with_length("-1"), malformed},
      {"8.1.1 Content-Length with a sign", post_with_length("+5"), malformed},
      {"8.1.1 Content-Length that is no number", post_with_length("five"), malformed},
      {"8.1.1 Content-Length that is hexadecimal", post_with_length("0x5"), malformed},
      {"8.1.1 Content-Length that is empty", post_with_length(""), malformed},
      {"8.1.1 Content-Length over 64 bits", post_with_length("18446744073709551621"), malformed},
  };
}

std::vector<Http2Case> fields() {
  return {
      {"8.2.1 an upper case name", get_with("X-Field", "1"), malformed},
      {"8.2.1 one upper case letter", get_with("x-fielD", "1"), malformed},
      {"8.2.1 a name with a space", get_with("x field", "1"), malformed},
      {"8.2.1 a name with a colon", get_with("x:field", "1"), malformed},
      {"8.2.1 an empty name", get_with("", "1"), malformed},
      {"8.2.1 a name with NUL", get_with("x\0y"sv, "1"), malformed},
      {"8.2.1 a name with a line feed", get_with("x\ny", "1"), malformed},
      {"8.2.1 a name with DEL", get_with("x\x7f", "1"), malformed},
      {"8.2.1 a name beyond ASCII", get_with("x\xe9", "1"), malformed},
      {"8.2.1 a value with NUL", get_with("x", "a\0b"sv), malformed},
      {"8.2.1 a value with a carriage return", get_with("x", "a\rb"), malformed},
      {"8.2.1 a value with a line feed", get_with("x", "a\nb"), malformed},
      {"8.2.1 a value with a whole header line", get_with("x", "a\r\ncontent-length: 5"), malformed},
      {"8.2.1 a value that begins with a space", get_with("x", " a"), malformed},
      {"8.2.1 a value that begins with a tab", get_with("x", "\ta"), malformed},
      {"8.2.1 a value that ends with a space", get_with("x", "a "), malformed},
      {"8.2.1 a value that ends with a tab", get_with("x", "a\t"), malformed},
      {"8.2.1 a value with whitespace inside", get_with("x", "a \t b"), answered(1, 200)},
      {"8.2.1 an empty value", get_with("x", ""), answered(1, 200)},
      {"8.2.1 a value beyond ASCII", get_with("x", "\xc3\xa9\xff"), answered(1, 200)},
      {"8.2.2 Connection", get_with("connection", "close"), malformed},
      {"8.2.2 Keep-Alive", get_with("keep-alive", "timeout=5"), malformed},
      {"8.2.2 Proxy-Connection", get_with("proxy-connection", "keep-alive"), malformed},
      {"8.2.2 Transfer-Encoding", get_with("transfer-encoding", "chunked"), malformed},
      {"8.2.2 Upgrade", get_with("upgrade", "h2c"), malformed},
      {"8.2.2 TE with trailers", get_with("te", "trailers"), answered(1, 200)},
      {"8.2.2 TE with a coding", get_with("te", "gzip"), malformed},
      {"8.2.2 TE with trailers and a coding", get_with("te", "trailers, deflate"), malformed},
      {"8.2.3 Cookie in pieces", get(1, "/hello", field("cookie", "a=b") + field("cookie", "c=d")),
       answered(1, 200)},
  };
}

std::vector<Http2Case> pseudo_fields() {
  const auto request = [](const std::string& fields) { return headers(1, fields); };
  const auto with_path = [](std::string_view value) { return get(1, value); };
  const auto with_authority = [](std::string_view value) {
    return headers(1, method + scheme + path + field(":authority", value));
  };
  return {
      {"8.3 pseudo-fields in any order", request(authority + path + scheme + method), answered(1, 200)},
      {"8.3 an unknown pseudo-field", request(pseudo("GET") + field(":unknown", "x")), malformed},
      {"8.3 a pseudo-field of responses", request(pseudo("GET") + field(":status", "200")), malformed},
      {"8.3 a pseudo-field without a name", request(pseudo("GET") + field(":", "x")), malformed},
      {"8.3 an upper case pseudo-field", request(pseudo("GET") + field(":Path", "/hello")), malformed},
      {"8.3 a pseudo-field after a field", request(method + scheme + path + field("x", "1") + authority),
       malformed},
      {"8.3 :method twice", request(pseudo("GET") + method), malformed},
      {"8.3 :scheme twice", request(pseudo("GET") + scheme), malformed},
      {"8.3 :path twice", request(pseudo("GET") + path), malformed},
      {"8.3 :authority twice", request(pseudo("GET") + authority), malformed},
      {"8.3.1 no :method", request(scheme + path + authority), malformed},
      {"8.3.1 no :scheme", request(method + path + authority), malformed},
      {"8.3.1 no :path", request(method + scheme + authority), malformed},
      {"8.3.1 an empty :method", request(field(":method", "") + scheme + path + authority), malformed},
      {"8.3.1 a :method that is no token", request(field(":method", "G ET") + scheme + path + authority),
       malformed},
      {"8.3.1 an empty :path", with_path(""), malformed},
      {"8.3.1 a :path without a slash", with_path("hello"), malformed},
      {"8.3.1 a :path that is a URL", with_path("http://h/hello"), malformed},
      {"8.3.1 a :path of * for GET", with_path("*"), malformed},
      {"8.3.1 a :path of * for OPTIONS", request(pseudo("OPTIONS", "*")), answered(1, 204)},
      {"8.3.1 a :path with a space", with_path("/a b"), malformed},
      {"8.3.1 a :path with a line break", with_path("/a\r\nx: y"), malformed},
      {"8.3.1 a :path with a fragment", with_path("/hello#x"), answered(1, 400)},
      {"8.3.1 a :path with a query", with_path("/echo?a=b"), answered(1, 200, "GET\n/echo\na=b\nh\nhttp\n")},
      {"8.3.1 an :authority with a space", with_authority("a b"), malformed},
      {"8.3.1 an :authority with a line feed", with_authority("a\nb"), malformed},
      {"8.3.1 an :authority with a path", with_authority("h/x"), malformed},
      {"8.3.1 an :authority with user information", with_authority("user@h"), answered(1, 400)},
      {"8.3.1 an empty :authority", with_authority(""), malformed},
      {"8.3.1 Host in place of :authority",
       request(method + scheme + field(":path", "/echo") + field("host", "other:1")),
       answered(1, 200, "GET\n/echo\n\nother:1\nhttp\n")},
      {"8.3.1 neither Host nor :authority", request(method + scheme + path), malformed},
      {"8.3.1 Host that differs from :authority", get_with("host", "other"), answered(1, 400)},
      {"8.3.1 Host that is :authority", get_with("host", "h"), answered(1, 200)},
      {"8.3.1 Host twice", get(1, "/hello", field("host", "h") + field("host", "h")), malformed},
      {"8.5 CONNECT", request(field(":method", "CONNECT") + field(":authority", "h:443")), answered(1, 400)},
      {"8.5 CONNECT with :scheme", request(field(":method", "CONNECT") + scheme + authority), malformed},
      {"8.5 CONNECT with :path", request(field(":method", "CONNECT") + path + authority), malformed},
      {"8.5 CONNECT without :authority", request(field(":method", "CONNECT")), malformed},
      {"RFC 8441 4 extended CONNECT is not understood",
       request(pseudo("CONNECT") + field(":protocol", "websocket")), malformed},
      {"RFC 8441 4 :protocol without CONNECT", request(pseudo("GET") + field(":protocol", "websocket")),
       malformed},
  };
}

// What every response must be is checked by the conversation; here is what it answers to.
std::vector<Http2Case> responses() {
  const auto lengths_agree = check([](Http2Conversation& conversation) {
    EXPECT_EQ(conversation.response(1).fields.get("content-length"),
              conversation.response(3).fields.get("content-length"));
  });
  const auto one_headers_frame = check([](Http2Conversation& conversation) {
    EXPECT_TRUE(conversation.response(1).data_sizes.empty()) << "a DATA frame";
  });
  const auto without = [](std::string name) {
    return check([name](Http2Conversation& conversation) {
      EXPECT_FALSE(conversation.response(1).fields.has(name)) << name;
    });
  };
  const auto no_interim = check([](Http2Conversation& conversation) {
    EXPECT_TRUE(conversation.response(1).informational.empty()) << "a 1xx response";
  });
  const auto go_on = check([](Http2Conversation& conversation) {
    Http2Response& response = conversation.response(1);
    conversation.read_until([&response] { return !response.informational.empty() || response.status != 0; });
    EXPECT_TRUE(response.informational == std::vector<unsigned>{100} || response.status != 0)
        << "neither 100 nor an answer";
  });
  return {
      {"9110 9.3.2 HEAD is answered without DATA", headers(1, pseudo("HEAD")), answered_head(1, 200)},
      {"9110 9.3.2 HEAD has the length of GET", headers(1, pseudo("HEAD")) + get(3),
       answered_head(1, 200) + completes(3, 200) + lengths_agree},
      {"9110 15.3.5 a 204 has no DATA", get(1, "/status?204"), answered(1, 204) + one_headers_frame},
      {"9110 15.4.5 a 304 has no DATA", get(1, "/status?304"), answered(1, 304) + one_headers_frame},
      {"8.1 a status that is not final does not leave", get(1, "/status?103"), answered(1, 500) + no_interim},
      {"8.6 a 101 does not leave", get(1, "/status?101"), answered(1, 500) + no_interim},
      {"8.1 no 1xx without Expect", post(1) + last_data(1, "x"), answered(1, 200) + no_interim},
      {"8.2.2 a handler's Connection field does not leave", get(1, "/split"),
       answered(1, 200) + without("connection")},
      {"10.3 a handler's line break does not leave", get(1, "/split"), answered(1, 200) + without("x-evil")},
      {"8.1 a request with an unknown method", headers(1, pseudo("BREW")), answered(1, 200)},
      {"9110 10.1.1 Expect of 100-continue is answered at once",
       post(1, field("expect", "100-continue")) + go_on, settled()},
      {"9110 10.1.1 a body after Expect of 100-continue",
       post(1, field("expect", "100-continue")) + last_data(1, "hello"), answered(1, 200)},
      {"9110 10.1.1 no 100 for a request without a body", get_with("expect", "100-continue"),
       answered(1, 200) + no_interim},
  };
}

class Requests : public Http2Conformance {};
TEST_P(Requests, Conform) {
  run();
}
INSTANTIATE_TEST_SUITE_P(Messages, Requests, testing::ValuesIn(messages()), Requests::name);
INSTANTIATE_TEST_SUITE_P(Fields, Requests, testing::ValuesIn(fields()), Requests::name);
INSTANTIATE_TEST_SUITE_P(PseudoFields, Requests, testing::ValuesIn(pseudo_fields()), Requests::name);
INSTANTIATE_TEST_SUITE_P(Responses, Requests, testing::ValuesIn(responses()), Requests::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
