#include "http/range.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wheelbarrow::http {
namespace {

// "whole", "unsatisfiable", or the ranges as "0-4 10-19".
std::string describe(const RangeSelection& selection) {
  if (selection.kind == RangeSelection::Kind::whole) return "whole";
  if (selection.kind == RangeSelection::Kind::unsatisfiable) return "unsatisfiable";
  std::string text;
  for (const ByteRange& range : selection.ranges) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.first) + "-" + std::to_string(range.last);
  }
  return text;
}

struct Case {
  const char* field;
  std::uint64_t size;
  const char* selected;
};

TEST(SelectRanges, FollowsRfc9110Section14) {
  const std::vector<Case> cases = {
      {"bytes=0-4", 100, "0-4"},
      {"bytes=95-", 100, "95-99"},
      {"bytes=-5", 100, "95-99"},
      {"bytes=-500", 100, "0-99"},
      {"bytes=0-", 100, "0-99"},
      {"bytes=99-99", 100, "99-99"},
      {"bytes=99-500", 100, "99-99"},
      {"Bytes=0-4", 100, "0-4"},
      {"bytes= 0-4", 100, "0-4"},
      {"bytes=0-4,10-14", 100, "0-4 10-14"},
      {"bytes=0-4 ,\t10-14", 100, "0-4 10-14"},
      {"bytes=,0-4,,", 100, "0-4"},
      // The order asked for is kept; what overlaps or touches is joined.
      {"bytes=10-14,0-4", 100, "10-14 0-4"},
      {"bytes=0-4,5-9", 100, "0-9"},
      {"bytes=0-4,6-9", 100, "0-4 6-9"},
      {"bytes=50-59,0-9,55-64", 100, "50-64 0-9"},
      {"bytes=20-29,0-9,-10,25-35", 100, "20-35 0-9 90-99"},
      {"bytes=0-4,200-300", 100, "0-4"},
      {"bytes=18446744073709551615-", 100, "unsatisfiable"},
      {"bytes=0-99999999999999999999999", 100, "0-99"},
      {"bytes=99999999999999999999999-", 100, "unsatisfiable"},
      {"bytes=100-", 100, "unsatisfiable"},
      {"bytes=100-200", 100, "unsatisfiable"},
      {"bytes=-0", 100, "unsatisfiable"},
      {"bytes=100-,-0", 100, "unsatisfiable"},
      {"bytes=0-", 0, "unsatisfiable"},
      {"bytes=-5", 0, "whole"},
      // Bad syntax and unknown units.
      {"bytes=5-4", 100, "whole"},
      {"bytes=0-4,5-4", 100, "whole"},
      {"bytes=", 100, "whole"},
      {"bytes=,", 100, "whole"},
      {"bytes", 100, "whole"},
      {"bytes=-", 100, "whole"},
      {"bytes=a-b", 100, "whole"},
      {"bytes=0 -4", 100, "whole"},
      {"bytes=+0-4", 100, "whole"},
      {"bytes=0-4;5-6", 100, "whole"},
      {"bytes=0-4-6", 100, "whole"},
      {"items=0-4", 100, "whole"},
      {"", 100, "whole"},
      // Mistakes or attacks: as much as the whole, or more.
      {"bytes=0-,0-", 100, "whole"},
      {"bytes=0-59,40-99", 100, "whole"},
      {"bytes=0-49,50-99", 100, "whole"},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(describe(select_ranges(item.field, item.size)), item.selected)
        << "Range: " << item.field << " of " << item.size;
  }
  EXPECT_EQ(describe(select_ranges(std::nullopt, 100)), "whole");
}

TEST(SelectRanges, RefusesManyRanges) {
  const auto every_tenth = [](int count) {
    std::string field = "bytes=";
    for (int i = 0; i < count; ++i) {
      field += std::to_string(i * 10) + "-" + std::to_string(i * 10) + ",";
    }
    return field;
  };
  EXPECT_EQ(select_ranges(every_tenth(16), 1'000'000).ranges.size(), 16U);
  EXPECT_EQ(describe(select_ranges(every_tenth(17), 1'000'000)), "whole");
  // Many that join into few are fine.
  std::string touching = "bytes=";
  for (int i = 0; i < 100; ++i) {
    touching += std::to_string(i) + "-" + std::to_string(i) + ",";
  }
  EXPECT_EQ(describe(select_ranges(touching, 1'000'000)), "0-99");
}

}  // namespace
}  // namespace wheelbarrow::http
