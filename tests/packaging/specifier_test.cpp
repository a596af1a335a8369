#include "packaging/specifier.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

struct Case {
  const char* specifier;
  const char* version;
  bool contains;
};

TEST(Specifier, ContainsByPep440) {
  const Case cases[] = {
      {"", "1.0", true},
      {"==1.0", "1", true},
      {"==1.0", "1.0.0+local", true},
      {"==1.0+local", "1.0", false},
      {"==1.0+Local", "1.0+local", true},
      {"==1.0", "1.0.post1", false},
      {"==1.0.*", "1", true},
      {"==1.0.*", "1.0.5", true},
      {"==1.0.*", "1.0a1", true},
      {"==1.0.*", "1.0.post1+x", true},
      {"==1.0.*", "1.1", false},
      {"==1.1.*", "1.10", false},
      {"==1.*", "1!1.0", false},
      {"==1.0.*", "1a1", true},
      {"==1!1.0.*", "1!1", true},
      {"~=2.2.c1", "2.9", true},
      {"==1!1.*", "1!1.5", true},
      {"!=1.0", "1.0+x", false},
      {"!=1.0", "1.1", true},
      {"!=1.0.*", "1.0.9", false},
      {"!=1.0.*", "1.2", true},
      {"~=2.2", "2.2", true},
      {"~=2.2", "2.9", true},
      {"~=2.2", "3.0", false},
      {"~=2.2", "2.1", false},
      {"~=2.2.0", "2.2.9", true},
      {"~=2.2.0", "2.3", false},
      {"~=2.2.post3", "2.2.post3", true},
      {"~=2.2.post3", "2.2", false},
      {"~=2.2.post3", "2.5", true},
      {"~=1.4.5a4", "1.4.9", true},
      {"~=1.4.5a4", "1.5", false},
      {"~=1!2.2", "1!2.3", true},
      {"~=2.2", "1!2.3", false},
      {"<=1.0", "1.0+local", true},
      {"<=1.0", "1.0.post1", false},
      {">=1.0", "1.0+local", true},
      {">=1.0", "1.0rc1", false},
      {"<1.0", "1.0rc1", false},
      {"<1.0", "1.0.dev1", false},
      {"<1.0rc2", "1.0rc1", true},
      {"<1.0", "0.9rc1", true},
      {"<1.0", "0.9.post1", true},
      {">1.0", "1.0.post1", false},
      {">1.0.post1", "1.0.post2", true},
      {">1.0", "1.0+local", false},
      {">1.0", "1.1+local", true},
      {">1.0", "1.0.1", true},
      {">1.0a1", "1.0", true},
      {"===1.0", "1.0", true},
      {"===1.0", "1.0.0", false},
      {"===1.0+Foo", "1.0+foo", true},
      {"===weird", "1.0", false},
      {">=1.2,<2,!=1.5", "1.4", true},
      {">=1.2,<2,!=1.5", "1.5", false},
      {">=1.2,<2,!=1.5", "2.0", false},
  };
  for (const Case& c : cases) {
    const auto set = SpecifierSet::parse(c.specifier);
    const auto version = Version::parse(c.version);
    ASSERT_TRUE(set) << c.specifier << ": " << set.error().text();
    ASSERT_TRUE(version) << c.version;
    EXPECT_EQ(set->contains(*version), c.contains) << c.specifier << " and " << c.version;
  }
}

TEST(Specifier, IsNormalized) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"  ", ""},
      {">= 1.0.RC1", ">=1.0rc1"},
      {"== v1.0.*", "==1.0.*"},
      {"<3,>=2.2.0", "<3,>=2.2.0"},
      {">=2.2.0 , <3, >=2.2.0", "<3,>=2.2.0"},
      {">=3.6,", ">=3.6"},
      {"===As-Is", "===As-Is"},
      {"~=1.0", "~=1.0"},
      {"==1.0+A_B", "==1.0+a.b"},
  };
  for (const auto& [text, normalized] : cases) {
    const auto set = SpecifierSet::parse(text);
    ASSERT_TRUE(set) << text << ": " << set.error().text();
    EXPECT_EQ(set->str(), normalized) << text;
  }
}

TEST(Specifier, ErrorsNameTheColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"1.0", "expected a comparison such as '>=' at column 1, found '1.0'"},
      {"=1.0", "expected '==' or '>=' at column 1, found '=1.0'"},
      {">=", "expected a version after '>=' at column 3, where the text ends"},
      {">= x", "expected a version after '>=' at column 4, found 'x'"},
      {">=1 <2", "expected ',' or the end of the specifier at column 5, found '<2'"},
      {">=1,!=", "expected a version after '!=' at column 7, where the text ends"},
      {">=1.*", "expected a version without '.*' after '>=' at column 4, found '.*'"},
      {"~=1",
       "expected a second release number such as the 0 of 1.0 after '~=' at column 4, where the text ends"},
      {"~=1.0.*", "expected a version without '.*' after '~=' at column 6, found '.*'"},
      {"==1.0a1.*", "expected only release numbers before '.*' after '==' at column 6, found 'a1.*'"},
      {"==1.0+x.*", "expected only release numbers before '.*' after '==' at column 6, found '+x.*'"},
      {"<1.0+x", "expected a version without a local part after '<' at column 5, found '+x'"},
      {"=== ", "expected a version after '===' at column 5, where the text ends"},
  };
  for (const auto& [text, message] : cases) {
    const auto set = SpecifierSet::parse(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().message, message) << text;
  }
}

TEST(Specifier, NamesPrereleases) {
  const std::pair<const char*, bool> cases[] = {
      {">=1.0a1", true}, {"==1.0.dev1", true}, {"~=1.0rc1", true},  {"===1.0b1", true}, {"<=2.0b1", true},
      {">=1.0", false},  {"!=1.0a1", false},   {"<1.0a1", true},    {">1.0a1", true},   {"===x", false},
      {"", false},       {">=1,!=2a1", false}, {">=1,>=0a1", true}, {"==1.*", false},
  };
  for (const auto& [text, names] : cases) {
    const auto set = SpecifierSet::parse(text);
    ASSERT_TRUE(set) << text;
    EXPECT_EQ(set->names_prerelease(), names) << text;
  }
}

TEST(Specifier, SetsCombine) {
  const auto a = SpecifierSet::parse(">=1,<3").value();
  const auto b = SpecifierSet::parse("<3,!=2").value();
  EXPECT_EQ((a & b).str(), "!=2,<3,>=1");
  EXPECT_EQ((a & SpecifierSet()).str(), a.str());
}

TEST(Specifier, IsOneClause) {
  EXPECT_EQ(Specifier::parse(" >=1 ").value().op(), Specifier::Operator::greater_equal);
  EXPECT_FALSE(Specifier::parse(">=1,<2"));
  EXPECT_FALSE(Specifier::parse(""));
}

}  // namespace
}  // namespace wheelbarrow::packaging
