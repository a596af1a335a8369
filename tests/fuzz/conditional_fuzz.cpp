// Preconditions and dates (RFC 9110 13, 5.6.7). Each line of an input is a field: its first character chooses
// which.
#include <array>
#include <string>

#include "fuzz/check.hpp"
#include "http/conditional.hpp"
#include "http/representation.hpp"

namespace wheelbarrow::fuzz {
namespace {

constexpr auto names = std::to_array<std::string_view>(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"});

void check_date(std::string_view text) {
  const auto date = http::parse_date(text);
  if (!date) return;
  const std::string formatted = http::format_date(*date);
  check(http::parse_date(formatted) == date, "a date that was read can be written", formatted);
}

http::Representation representation(std::uint8_t choice) {
  http::Representation result;
  result.body = {Slice::of(std::string("0123456789")), Slice::of(std::string("abcdefghij"))};
  result.media_type = "text/plain";
  if ((choice & 1U) != 0) result.validators.etag = "\"v1\"";
  if ((choice & 2U) != 0) result.validators.last_modified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  return result;
}

std::string text_of(const http::Response& response) {
  std::string text = std::to_string(response.status) + "\n";
  for (const auto [name, value] : response.fields) {
    text.append(name).append(": ").append(value).append("\n");
  }
  for (const Slice& slice : response.body) {
    text += slice.text();
  }
  return text;
}

void run(std::string_view input) {
  const std::uint8_t choice = take_byte(input);
  http::Request request;
  request.method = (choice & 4U) != 0 ? "HEAD" : "GET";
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    std::string_view line = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
    const std::string_view name = names[take_byte(line) % names.size()];
    check_date(line);
    request.fields.add(name, line);
  }
  const http::Response response = http::respond(request, representation(choice));
  switch (response.status) {
    case 200:
      check(total_size(response.body) == 20, "the whole is whole");
      break;
    case 206:
      check(request.method == "GET" && request.fields.has("range"), "a part was asked for");
      break;
    case 304:
      check(response.body.empty(), "a 304 has no body");
      break;
    case 412:
      check(request.fields.has("if-match") || request.fields.has("if-unmodified-since"),
            "a condition was set");
      break;
    default:
      check(response.status == 416, "no other status is possible");
  }
  // The prepared one answers the same.
  const http::ReadyRepresentation ready(representation(choice));
  const http::ReadyResponse prepared = ready.respond(request);
  check(text_of(*prepared) == text_of(*http::make_ready(response)), "what is prepared is the same",
        text_of(*prepared));
}

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wheelbarrow::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
