#include "packaging/version.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

Version version(std::string_view text) {
  auto parsed = Version::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Version());
}

TEST(Version, NormalizesEverySpelling) {
  const std::pair<const char*, const char*> cases[] = {
      {"1.0", "1.0"},
      {" \t1.0\n", "1.0"},
      {"v1.0", "1.0"},
      {"V01.002", "1.2"},
      {"0!1.0", "1.0"},
      {"1!1.0", "1!1.0"},
      {"1.0.0", "1.0.0"},
      {"1.0a", "1.0a0"},
      {"1.0ALPHA1", "1.0a1"},
      {"1.0-beta.2", "1.0b2"},
      {"1.0_c3", "1.0rc3"},
      {"1.0.pre-4", "1.0rc4"},
      {"1.0preview5", "1.0rc5"},
      {"1.0.RC1", "1.0rc1"},
      {"1.0a-", "1.0a0"},
      {"1.0a..dev", "1.0a0.dev0"},
      {"1.0-1", "1.0.post1"},
      {"1.0a1-1", "1.0a1.post1"},
      {"1.0post", "1.0.post0"},
      {"1.0-rev-4", "1.0.post4"},
      {"1.0.r4", "1.0.post4"},
      {"1.0dev", "1.0.dev0"},
      {"1.0-DEV_03", "1.0.dev3"},
      {"1.0rdev1", "1.0.post0.dev1"},
      {"1.0a2.post3.dev4", "1.0a2.post3.dev4"},
      {"1.0+Ubuntu-1_x.01", "1.0+ubuntu.1.x.1"},
      {"1.0-+x", nullptr},
      {"2!1.2a1.post3.dev4+l", "2!1.2a1.post3.dev4+l"},
      {"18446744073709551615", "18446744073709551615"},
  };
  for (const auto& [text, normalized] : cases) {
    const auto parsed = Version::parse(text);
    if (normalized == nullptr) {
      EXPECT_FALSE(parsed) << text;
      continue;
    }
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->str(), normalized) << text;
    EXPECT_EQ(version(parsed->str()).str(), normalized) << text;
  }
}

TEST(Version, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "a",
                           "1.",
                           ".1",
                           "1..2",
                           "1.0x",
                           "1.0 a",
                           "1.0+",
                           "1.0+a+b",
                           "1.0+a..b",
                           "1.0+a.",
                           "!1",
                           "1!",
                           "1!2!3",
                           "1.0a1b2",
                           "1.0.dev1.post1",
                           "1.0--1",
                           "vv1",
                           "1.0\xC3\xA9",
                           "french toast",
                           "1.*",
                           "18446744073709551616",
                           "1.0a18446744073709551616",
                           "1.0-18446744073709551616",
                           "18446744073709551616!1",
                           "1!18446744073709551616",
                           "1.18446744073709551616",
                           "1+18446744073709551616",
                           "1.0.dev99999999999999999999"}) {
    const auto parsed = Version::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_input) << text;
  }
  EXPECT_FALSE(Version::parse(std::string_view("1.0\0", 4)));
  EXPECT_FALSE(Version::parse(std::string(1'000'000, '.')));
}

// PEP 440 "Summary of permitted suffixes and relative ordering", from low to high.
TEST(Version, IsOrdered) {
  const std::vector<std::string> ascending = {
      "0.dev0",
      "0",
      "1.dev0",
      "1.0.dev456",
      "1.0a1",
      "1.0a2.dev456",
      "1.0a12.dev456",
      "1.0a12",
      "1.0b1.dev456",
      "1.0b2",
      "1.0b2.post345.dev456",
      "1.0b2.post345",
      "1.0rc1.dev456",
      "1.0rc1",
      "1.0",
      "1.0+abc.5",
      "1.0+abc.7",
      "1.0+5",
      "1.0+5.a",
      "1.0+5.0",
      "1.0.post456.dev34",
      "1.0.post456",
      "1.0.15",
      "1.1.dev1",
      "1.1",
      "1.2",
      "1.10",
      "2",
      "1!0.1.dev1",
      "1!0.1",
      "1!1.0",
  };
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(version(ascending[i]) <=> version(ascending[j]), i <=> j)
          << ascending[i] << " and " << ascending[j];
    }
  }
}

TEST(Version, EqualityIgnoresSpellingAndTrailingZeros) {
  const std::pair<const char*, const char*> equal[] = {
      {"1", "1.0.0"}, {"1.0rc1", "1.0.c.1"}, {"1.0-1", "1.0.0.post1"}, {"1+A.1", "1.0+a-01"}, {"v1", "0!1"}};
  for (const auto& [a, b] : equal) EXPECT_EQ(version(a), version(b)) << a << " and " << b;
  EXPECT_NE(version("1.0"), version("1.0+a"));
  EXPECT_EQ(version("1.0").compare_public(version("1.0+a")), std::strong_ordering::equal);
  EXPECT_EQ(version("1.0").compare_base(version("1.0.0a1.post2.dev3+a")), std::strong_ordering::equal);
}

TEST(Version, HasParts) {
  const Version v = version("2!1.2a1.post3.dev4+l.5");
  EXPECT_EQ(v.epoch(), 2U);
  EXPECT_EQ(v.release(), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(v.pre()->first, Version::Pre::a);
  EXPECT_EQ(v.pre()->second, 1U);
  EXPECT_EQ(v.post(), 3U);
  EXPECT_EQ(v.dev(), 4U);
  ASSERT_EQ(v.local().size(), 2U);
  EXPECT_EQ(std::get<std::string>(v.local()[0]), "l");
  EXPECT_EQ(std::get<std::uint64_t>(v.local()[1]), 5U);
  EXPECT_EQ(v.public_version(), "2!1.2a1.post3.dev4");
  EXPECT_EQ(v.base_version(), "2!1.2");
  EXPECT_TRUE(v.is_prerelease());
  EXPECT_TRUE(version("1.dev0").is_prerelease());
  EXPECT_FALSE(version("1.post0+x").is_prerelease());
}

}  // namespace
}  // namespace wheelbarrow::packaging
