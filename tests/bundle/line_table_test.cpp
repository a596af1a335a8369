#include "bundle/line_table.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace wheelbarrow::bundle {
namespace {

std::string bytes(const std::vector<unsigned>& values) {
  return {values.begin(), values.end()};
}

// An entry's first byte.
unsigned entry(unsigned form, unsigned units) {
  return 0x80 | form << 3 | (units - 1);
}

std::string lines(const std::vector<unsigned>& table) {
  const auto made = without_columns(bytes(table));
  EXPECT_TRUE(made);
  return made.value_or("");
}

TEST(LineTable, EveryFormKeepsItsLine) {
  EXPECT_EQ(lines({}), "");
  EXPECT_EQ(lines({entry(0, 2), 0x12}), bytes({entry(13, 2), 0}));
  EXPECT_EQ(lines({entry(9, 2), 0x7f}), bytes({entry(13, 2), 0}));
  EXPECT_EQ(lines({entry(10, 1), 4, 8}), bytes({entry(13, 1), 0}));
  EXPECT_EQ(lines({entry(12, 1), 4, 8}), bytes({entry(13, 1), 4}));           // 2 lines further
  EXPECT_EQ(lines({entry(13, 3), 0x47, 5}), bytes({entry(13, 3), 0x47, 5}));  // 163 lines back
  EXPECT_EQ(lines({entry(14, 3), 0x48, 5, 1, 2, 0x41, 2}), bytes({entry(13, 3), 0x48, 5}));
  EXPECT_EQ(lines({entry(15, 8)}), bytes({entry(15, 8)}));
}

TEST(LineTable, NeighboursOfOneLineAreOneEntry) {
  EXPECT_EQ(lines({entry(11, 2), 1, 2, entry(0, 3), 1, entry(10, 3), 7, 9}), bytes({entry(13, 8), 2}));
  EXPECT_EQ(lines({entry(11, 6), 1, 2, entry(0, 7), 1}), bytes({entry(13, 8), 2, entry(13, 5), 0}));
  EXPECT_EQ(lines({entry(15, 6), entry(15, 7)}), bytes({entry(15, 8), entry(15, 5)}));
  EXPECT_EQ(lines({entry(15, 1), entry(0, 1), 1, entry(15, 1)}),
            bytes({entry(15, 1), entry(13, 1), 0, entry(15, 1)}));
  EXPECT_EQ(lines({entry(11, 1), 1, 2, entry(11, 1), 1, 2}), bytes({entry(13, 1), 2, entry(13, 1), 2}));
}

TEST(LineTable, WhatIsMalformedIsNone) {
  const std::vector<std::vector<unsigned>> tables{{0x12},
                                                  {entry(0, 2)},
                                                  {entry(10, 2), 1},
                                                  {entry(13, 2)},
                                                  {entry(13, 2), 0x40},
                                                  {entry(13, 2), 0x80},
                                                  {entry(13, 2), 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 1},
                                                  {entry(14, 2), 1, 1, 1}};
  for (const auto& table : tables) {
    EXPECT_FALSE(without_columns(bytes(table))) << testing::PrintToString(table);
  }
}

TEST(LineTable, IsNeverLongerAndStaysWhatItIs) {
  std::mt19937 random(1);  // the same every time
  int good = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string table(random() % 12, '\0');
    for (char& byte : table) {
      byte = static_cast<char>(random());
    }
    const auto made = without_columns(table);
    if (!made) continue;
    ++good;
    EXPECT_LE(made->size(), table.size());
    EXPECT_EQ(without_columns(*made), made);
  }
  EXPECT_GT(good, 10'000);
}

}  // namespace
}  // namespace wheelbarrow::bundle
