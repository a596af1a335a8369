#include "http/message.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::http {
namespace {

TEST(Fields, KeepOrderAndJoin) {
  Fields fields;
  fields.add("a", "1");
  fields.add("b", "2");
  fields.add("a", "3");
  EXPECT_EQ(fields.get("a"), "1, 3");
  EXPECT_EQ(fields.get("c"), std::nullopt);
  EXPECT_TRUE(fields.has("b"));
  EXPECT_EQ((*fields.begin()).value, "1");
  fields.set("a", "4");
  EXPECT_EQ(fields.get("a"), "4");
  EXPECT_EQ(fields.size(), 2U);
  fields.erase("a");
  EXPECT_FALSE(fields.has("a"));
  EXPECT_EQ(fields.size(), 1U);
}

}  // namespace
}  // namespace wheelbarrow::http
