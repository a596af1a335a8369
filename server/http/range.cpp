#include "http/range.hpp"

#include <algorithm>
#include <charconv>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

constexpr std::size_t max_ranges = 16;

// 1*DIGIT. A number too large for 64 bits is larger than any representation, and reads as the largest.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

// One range-spec: nothing when the syntax is bad.
struct Spec {
  std::optional<ByteRange> range;  // empty when it can't be satisfied
  bool suffix_of_empty = false;    // "-5" of a representation without bytes
};

std::optional<Spec> parse_spec(std::string_view text, std::uint64_t size) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view last_text = text.substr(dash + 1);
  if (dash == 0) {
    const auto length = parse_position(last_text);
    if (!length) return std::nullopt;
    if (*length == 0) return Spec{};
    if (size == 0) return Spec{.range = {}, .suffix_of_empty = true};
    return Spec{.range = ByteRange{size - std::min(*length, size), size - 1}};
  }
  const auto first = parse_position(text.substr(0, dash));
  const auto last = last_text.empty() ? std::optional(UINT64_MAX) : parse_position(last_text);
  if (!first || !last || *first > *last) return std::nullopt;
  if (*first >= size) return Spec{};
  return Spec{.range = ByteRange{*first, std::min(*last, size - 1)}};
}

// Joins what overlaps or touches, and keeps the order in which the (joined) ranges were first asked for.
std::vector<ByteRange> join(const std::vector<ByteRange>& asked) {
  struct Numbered {
    ByteRange range;
    std::size_t position;
  };
  std::vector<Numbered> sorted;
  sorted.reserve(asked.size());
  for (const ByteRange& range : asked) {
    sorted.push_back({range, sorted.size()});
  }
  std::ranges::sort(sorted, {}, [](const Numbered& item) { return item.range.first; });
  std::vector<Numbered> joined;
  for (const Numbered& item : sorted) {
    if (!joined.empty() && item.range.first <= joined.back().range.last + 1) {
      joined.back().range.last = std::max(joined.back().range.last, item.range.last);
      joined.back().position = std::min(joined.back().position, item.position);
    } else {
      joined.push_back(item);
    }
  }
  std::ranges::sort(joined, {}, &Numbered::position);
  std::vector<ByteRange> ranges;
  ranges.reserve(joined.size());
  for (const Numbered& item : joined) {
    ranges.push_back(item.range);
  }
  return ranges;
}

}  // namespace

RangeSelection select_ranges(std::optional<std::string_view> range_field, std::uint64_t size) {
  using Kind = RangeSelection::Kind;
  if (!range_field) return {};
  std::string_view rest = trim(*range_field);
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(rest.substr(0, equals), "bytes")) return {};
  rest.remove_prefix(equals + 1);

  std::vector<ByteRange> asked;
  std::uint64_t asked_bytes = 0;
  bool any_spec = false;
  while (!rest.empty()) {
    const std::string_view text = take_until(rest, ',');
    if (text.empty()) continue;  // empty list elements are allowed (RFC 9110 5.6.1.2)
    const std::optional<Spec> spec = parse_spec(text, size);
    if (!spec || spec->suffix_of_empty) return {};
    any_spec = true;
    if (!spec->range) continue;
    asked.push_back(*spec->range);
    asked_bytes += std::min(spec->range->size(), size);
    if (asked.size() > 1 && asked_bytes >= size) return {};
  }
  if (!any_spec) return {};
  if (asked.empty()) return {Kind::unsatisfiable, {}};
  std::vector<ByteRange> ranges = join(asked);
  if (ranges.size() > max_ranges) return {};
  return {Kind::partial, std::move(ranges)};
}

}  // namespace wheelbarrow::http
