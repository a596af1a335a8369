#include "http/conformance/http1_conversation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>

namespace wheelbarrow::http::conformance {
namespace {

constexpr std::chrono::seconds patience{3};
constexpr std::size_t shown = 4000;  // bytes of the transcript

// "HTTP/1.1 200 OK" (RFC 9112 4); 0 for anything else.
unsigned status_of(std::string_view line) {
  const bool good = line.size() >= 13 && line.starts_with("HTTP/1.1 ") && line[12] == ' ' &&
                    std::ranges::all_of(line.substr(9, 3), [](char c) { return c >= '0' && c <= '9'; });
  return good ? static_cast<unsigned>(std::stoul(std::string(line.substr(9, 3)))) : 0;
}

std::size_t count(const Fields& fields, std::string_view wanted) {
  std::size_t found = 0;
  for (const auto& [name, value] : fields) {
    if (name == wanted) ++found;
  }
  return found;
}

void check_final(const Http1Response& response) {
  EXPECT_EQ(count(response.fields, "date"), 1U) << "RFC 9110 6.6.1";
  const bool length_forbidden = response.status == 204;
  const bool length_optional = response.status == 304;
  EXPECT_LE(count(response.fields, "content-length"), length_forbidden ? 0U : 1U) << "RFC 9110 8.6";
  EXPECT_TRUE(length_forbidden || length_optional || response.fields.has("content-length"))
      << "RFC 9112 6.3: nothing says where the response ends";
  EXPECT_FALSE(response.fields.has("transfer-encoding")) << "RFC 9112 6.1: the client may not know it";
  EXPECT_FALSE(response.fields.has("upgrade")) << "RFC 9110 7.8: nothing to switch to";
}

}  // namespace

std::optional<Http1Response> Http1Conversation::read_response(bool head_only) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = client_.read(1, patience);
    if (byte.empty()) {
      EXPECT_TRUE(head.empty()) << "a response that stops in its head";
      return std::nullopt;
    }
    head += byte;
  }
  received_ += head;
  Http1Response response;
  std::string_view rest = head;
  const auto take_line = [&rest] {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    return line;
  };
  response.status = status_of(take_line());
  EXPECT_NE(response.status, 0U) << "RFC 9112 4: a malformed status line";
  for (std::string_view line = take_line(); !line.empty(); line = take_line()) {
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string_view::npos) << "a malformed field line: " << line;
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    response.fields.add(name, std::string(line.substr(colon + 2)));
  }
  EXPECT_NE(response.status, 101U) << "RFC 9113 3.1: an upgrade to h2c";
  EXPECT_NE(response.status, 103U) << "early hints are not sent";
  if (response.status < 200) return response;
  check_final(response);
  const std::optional<std::string> length = response.fields.get("content-length");
  if (length && !head_only && response.status != 304) {
    const std::size_t size = std::stoul(*length);
    response.body = client_.read(size, patience);
    EXPECT_EQ(response.body.size(), size) << "RFC 9112 6.3: the body ends early";
    received_ += response.body.substr(0, shown);
  }
  return response;
}

bool Http1Conversation::closes() {
  const std::string more = client_.read_all(patience);
  EXPECT_TRUE(more.empty()) << "more is said: " << more.substr(0, shown);
  received_ += more.substr(0, shown);
  return client_.closed_within(std::chrono::milliseconds(0));
}

}  // namespace wheelbarrow::http::conformance
