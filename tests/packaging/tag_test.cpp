#include "packaging/tag.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

TEST(Tag, ExpandsCompressedSets) {
  const auto tags = parse_tag("py2.PY3-none-any.linux_x86_64");
  ASSERT_TRUE(tags) << tags.error().text();
  std::string text;
  for (const Tag& tag : *tags) text += tag.str() + " ";
  EXPECT_EQ(text, "py2-none-any py2-none-linux_x86_64 py3-none-any py3-none-linux_x86_64 ");
}

TEST(Tag, RefusesWhatIsNone) {
  for (const char* text : {"", "py3", "py3-none", "py3-none-any-x", "-none-any", "py3..py2-none-any",
                           "py3-none-", "py3-none-a b", "py3-none-any/x", "py3-none-any."}) {
    EXPECT_FALSE(parse_tag(text)) << text;
  }
}

TEST(Tag, IsBounded) {
  const auto field = [](int count) {
    std::string values = "a";
    for (int i = 1; i < count; ++i) values += ".a";
    return values;
  };
  EXPECT_EQ(parse_tag(field(10) + "-" + field(10) + "-" + field(10)).value().size(), 1'000U);
  EXPECT_FALSE(parse_tag(field(10) + "-" + field(10) + "-" + field(11)));
  EXPECT_FALSE(parse_tag(field(100'000) + "-" + field(100'000) + "-" + field(100'000)));
}

}  // namespace
}  // namespace wheelbarrow::packaging
