#include "http/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wheelbarrow::http {
namespace {

TEST(DecodePath, DecodesAndRemovesDotSegments) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/", "/"},         {"/a/b", "/a/b"},       {"/a/b/", "/a/b/"},       {"/a//b", "/a//b"},
      {"/a%20b", "/a b"}, {"/a+b", "/a+b"},       {"/%C3%a9", "/\xC3\xA9"}, {"/./a", "/a"},
      {"/a/.", "/a/"},    {"/a/./b", "/a/b"},     {"/a/..", "/"},           {"/a/../b", "/b"},
      {"/a/b/..", "/a/"}, {"/a/b/../../c", "/c"}, {"/a/%2e%2E/b", "/b"},    {"/...", "/..."},
      {"/a%25", "/a%"},
  };
  for (const auto& [path, decoded] : cases) {
    const auto result = decode_path(path);
    ASSERT_TRUE(result) << path << ": " << result.error().text();
    EXPECT_EQ(*result, decoded) << path;
  }
}

TEST(DecodePath, RefusesWhatMayMeanTwoThings) {
  for (const std::string path : {"", "a", "/..", "/a/../..", "/%2e%2e/x", "/a/../../b", "/a%2Fb", "/a%2fb",
                                 "/%00", "/%", "/%4", "/%g0", "/%0g"}) {
    const auto result = decode_path(path);
    ASSERT_FALSE(result) << path << " gave " << *result;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_input) << path;
  }
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("Az09-._~"), "Az09-._~");
  EXPECT_EQ(percent_encode("lxml>=5 a/b+c%\xC3\xA9"), "lxml%3E%3D5%20a%2Fb%2Bc%25%C3%A9");
  EXPECT_EQ(percent_encode(std::string_view("\0\xFF", 2)), "%00%FF");
}

TEST(ParseQuery, GivesThePairsInOrder) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  const std::vector<std::pair<std::string, Pairs>> cases = {
      {"", {}},
      {"r=numpy", {{"r", "numpy"}}},
      {"r=numpy&r=lxml>=5&target=x", {{"r", "numpy"}, {"r", "lxml>=5"}, {"target", "x"}}},
      {"r=a+b%2Bc", {{"r", "a b+c"}}},
      {"a%3Db=c%26d", {{"a=b", "c&d"}}},
      {"a", {{"a", ""}}},
      {"a=", {{"a", ""}}},
      {"=a", {{"", "a"}}},
      {"&&a=1&", {{"a", "1"}}},
      {"a=1?b=2", {{"a", "1?b=2"}}},
  };
  for (const auto& [query, pairs] : cases) {
    const auto result = parse_query(query);
    ASSERT_TRUE(result) << query;
    EXPECT_EQ(*result, pairs) << query;
  }
  for (const std::string query : {"a=%", "a=%4", "%zz=1", "a=%00"}) {
    EXPECT_FALSE(parse_query(query)) << query;
  }
}

}  // namespace
}  // namespace wheelbarrow::http
