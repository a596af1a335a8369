// Range fields (RFC 9110 14): the first byte of an input is a choice of size, the rest is the field.
#include <array>
#include <string>

#include "fuzz/check.hpp"
#include "http/message.hpp"
#include "http/range.hpp"
#include "http/representation.hpp"

namespace wheelbarrow::fuzz {
namespace {

constexpr auto sizes = std::to_array<std::uint64_t>({0, 1, 2, 10, 100, 1000, 1ULL << 40, UINT64_MAX});
constexpr std::uint64_t largest_body = 1000;

void check_selection(const http::RangeSelection& selection, std::uint64_t size, std::string_view field) {
  using Kind = http::RangeSelection::Kind;
  const auto& ranges = selection.ranges;
  check((selection.kind == Kind::partial) == !ranges.empty(), "ranges are there for a partial answer only",
        field);
  check(ranges.size() <= 16, "there are at most 16 ranges", field);
  std::uint64_t sum = 0;
  for (const http::ByteRange& range : ranges) {
    check(range.first <= range.last && range.last < size, "a range lies within", field);
    sum += range.size();
    for (const http::ByteRange& other : ranges) {
      if (&other == &range) continue;
      const bool apart = range.last + 1 < other.first || other.last + 1 < range.first;
      check(apart, "ranges that touch are joined", field);
    }
  }
  check(ranges.size() < 2 || sum < size, "several ranges are less than the whole", field);
}

// What is sent is what was selected.
void check_response(const http::RangeSelection& selection, std::size_t size, std::string_view field) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) {
    bytes += static_cast<char>('a' + i % 26);
  }
  http::Representation representation;
  // In pieces that no range respects.
  for (std::size_t i = 0; i < size; i += 7) {
    representation.body.push_back(Slice::of(bytes.substr(i, 7)));
  }
  http::Request request;
  request.method = "GET";
  request.fields.add("range", field);
  const http::Response response = http::respond(request, std::move(representation));
  using Kind = http::RangeSelection::Kind;
  const unsigned expected = selection.kind == Kind::whole ? 200 : selection.kind == Kind::partial ? 206 : 416;
  check(response.status == expected, "the status says what was selected", field);
  std::string body;
  for (const Slice& slice : response.body) {
    body += slice.text();
  }
  if (expected == 200) check(body == bytes, "the whole is whole", field);
  if (expected != 206) return;
  for (const http::ByteRange& range : selection.ranges) {
    const std::string part = bytes.substr(range.first, range.size());
    check(selection.ranges.size() == 1 ? body == part : body.find(part) != std::string::npos,
          "a part is there", field);
  }
}

}  // namespace
}  // namespace wheelbarrow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  std::string_view field = fuzz::text_of(data, size);
  const std::uint64_t whole = fuzz::sizes[fuzz::take_byte(field) % fuzz::sizes.size()];
  const http::RangeSelection selection = http::select_ranges(field, whole);
  fuzz::check_selection(selection, whole, field);
  if (whole <= fuzz::largest_body) fuzz::check_response(selection, whole, field);
  return 0;
}
