// HTTP/1.1 connections: the first byte of an input says how the rest arrives.
#include <charconv>
#include <string>

#include "fuzz/check.hpp"
#include "fuzz/conversation.hpp"

namespace wheelbarrow::fuzz {
namespace {

constexpr std::string_view head_end = "\r\n\r\n";

// The value of a field that the server sends, its name in lower case; empty if it isn't there.
std::string_view field_of(std::string_view head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc{} && end == text.data() + text.size(), "a number is one", text);
  return number;
}

// One response after another, and each answers the next request. A refusal is the last one.
void check_responses(const Conversation& conversation, bool whole) {
  std::string_view rest = conversation.output;
  std::size_t answered = 0;
  while (!rest.empty()) {
    const std::size_t size = rest.find(head_end);
    if (size == std::string_view::npos) {
      check(!whole, "a head ends", rest);
      return;
    }
    const std::string_view head = rest.substr(0, size + 2);
    rest.remove_prefix(size + head_end.size());
    check(head.starts_with("HTTP/1.1 ") && head[12] == ' ', "a response begins with its status", head);
    const std::string_view status = head.substr(9, 3);
    if (status == "100") continue;
    check(!field_of(head, "date").empty() && !field_of(head, "connection").empty(), "it has its fields",
          head);
    const std::string_view number = field_of(head, "x-number");
    if (number.empty()) {
      if (status == "204" || status == "200") continue;  // OPTIONS *
      check(field_of(head, "connection") == "close", "a refusal ends the connection", head);
      return;
    }
    check(number_of(number) == ++answered, "answers come in the order of the requests", head);
    if (status == "204" || field_of(head, "x-method") == "HEAD") continue;
    const std::size_t length = number_of(field_of(head, "content-length"));
    check(!whole || length <= rest.size(), "a body is there", head);
    rest.remove_prefix(std::min(length, rest.size()));
  }
  check(!whole || answered == conversation.requests.size(), "every request is answered", conversation.output);
}

bool are_same(const http::Request& a, const http::Request& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.authority == b.authority &&
         std::ranges::equal(a.fields, b.fields, [](const auto& x, const auto& y) {
           return x.name == y.name && x.value == y.value;
         });
}

void run(std::string_view input) {
  Course course = Course::of(take_byte(input));
  const Conversation conversation = converse_http1(input, course);
  const bool whole = !course.drain && course.takes == SIZE_MAX;
  check_responses(conversation, whole);
  if (!whole) return;
  // Where the network cuts the bytes changes nothing.
  course.piece = course.piece == SIZE_MAX ? 1 : SIZE_MAX;
  const Conversation again = converse_http1(input, course);
  check(std::ranges::equal(conversation.requests, again.requests, are_same),
        "the same bytes are the same requests", conversation.output + "\n---\n" + again.output);
}

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wheelbarrow::fuzz::run(wheelbarrow::fuzz::text_of(data, size));
  return 0;
}
