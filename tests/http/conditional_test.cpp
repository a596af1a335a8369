#include "http/conditional.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wheelbarrow::http {
namespace {

constexpr std::time_t example = 784111777;  // the example of RFC 9110 5.6.7

TEST(Date, IsWrittenAsImfFixdate) {
  const std::vector<std::pair<std::time_t, std::string>> cases = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {example, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {4102444799, "Thu, 31 Dec 2099 23:59:59 GMT"},
      {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
  };
  for (const auto& [time, text] : cases) {
    EXPECT_EQ(format_date(time), text);
    EXPECT_EQ(parse_date(text), time) << text;
  }
}

TEST(Date, IsReadInThreeFormats) {
  struct Case {
    const char* text;
    std::optional<std::time_t> time;
  };
  const std::vector<Case> cases = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", example},
      {"Sunday, 06-Nov-94 08:49:37 GMT", example},
      {"Sun Nov  6 08:49:37 1994", example},
      {"Sun Nov 16 08:49:37 1994", example + 10 * 86400},
      {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
      {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:37 UTC", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:37 GMT ", std::nullopt},
      {"Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:60:00 GMT", std::nullopt},
      {"Sun, 31 Feb 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 00 Nov 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 06 Nov 94 08:49:37 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:3x GMT", std::nullopt},
      {"sun, 06 nov 1994 08:49:37 GMT", std::nullopt},
      {"784111777", std::nullopt},
      {"0", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(parse_date(item.text), item.time) << item.text;
  }
}

using Request = std::vector<std::pair<const char*, const char*>>;

Fields fields(const Request& request) {
  Fields result;
  for (const auto& [name, value] : request) {
    result.add(name, value);
  }
  return result;
}

std::string text(const Request& request) {
  std::string result;
  for (const auto& [name, value] : request) {
    result.append(name).append(": ").append(value).append("  ");
  }
  return result;
}

TEST(Preconditions, FollowRfc9110Section13) {
  constexpr auto proceed = Precondition::proceed;
  constexpr auto not_modified = Precondition::not_modified;
  constexpr auto failed = Precondition::failed;
  constexpr const char* same = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr const char* earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
  constexpr const char* later = "Sun, 06 Nov 1994 08:49:38 GMT";
  struct Case {
    Request request;
    Precondition outcome;
  };
  const std::vector<Case> cases = {
      {{}, proceed},
      {{{"if-none-match", "\"a\""}}, not_modified},
      {{{"if-none-match", "W/\"a\""}}, not_modified},
      {{{"if-none-match", "\"b\""}}, proceed},
      {{{"if-none-match", "\"b\", \"a\""}}, not_modified},
      {{{"if-none-match", "\"b\""}, {"if-none-match", "\"a\""}}, not_modified},
      {{{"if-none-match", ",\"b\",,\t\"a\" "}}, not_modified},
      {{{"if-none-match", "*"}}, not_modified},
      {{{"if-none-match", "\"x, \"a\""}}, proceed},
      {{{"if-none-match", "a"}}, proceed},
      {{{"if-none-match", "\"a"}}, proceed},
      {{{"if-none-match", ""}}, proceed},
      {{{"if-match", "\"a\""}}, proceed},
      {{{"if-match", "\"b\", \"a\""}}, proceed},
      {{{"if-match", "*"}}, proceed},
      {{{"if-match", "\"b\""}}, failed},
      {{{"if-match", "W/\"a\""}}, failed},
      {{{"if-match", "a"}}, failed},
      {{{"if-match", ""}}, failed},
      {{{"if-modified-since", same}}, not_modified},
      {{{"if-modified-since", later}}, not_modified},
      {{{"if-modified-since", earlier}}, proceed},
      {{{"if-modified-since", "yesterday"}}, proceed},
      {{{"if-modified-since", same}, {"if-modified-since", same}}, proceed},
      {{{"if-unmodified-since", same}}, proceed},
      {{{"if-unmodified-since", later}}, proceed},
      {{{"if-unmodified-since", earlier}}, failed},
      {{{"if-unmodified-since", "yesterday"}}, proceed},
      // The order of 13.2.2, and who hides whom.
      {{{"if-match", "\"a\""}, {"if-unmodified-since", earlier}}, proceed},
      {{{"if-match", "\"b\""}, {"if-none-match", "\"a\""}}, failed},
      {{{"if-match", "\"a\""}, {"if-none-match", "\"a\""}}, not_modified},
      {{{"if-none-match", "\"b\""}, {"if-modified-since", same}}, proceed},
      {{{"if-none-match", "\"a\""}, {"if-modified-since", earlier}}, not_modified},
      {{{"if-unmodified-since", earlier}, {"if-none-match", "\"a\""}}, failed},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(evaluate_preconditions(fields(item.request), {"\"a\"", example}), item.outcome)
        << text(item.request);
  }
}

TEST(Preconditions, WithoutValidatorsOnlyTheStarMatches) {
  const Validators none;
  EXPECT_EQ(evaluate_preconditions(fields({{"if-none-match", "*"}}), none), Precondition::not_modified);
  EXPECT_EQ(evaluate_preconditions(fields({{"if-none-match", "\"\""}}), none), Precondition::proceed);
  EXPECT_EQ(evaluate_preconditions(fields({{"if-match", "*"}}), none), Precondition::proceed);
  EXPECT_EQ(evaluate_preconditions(fields({{"if-match", "\"\""}}), none), Precondition::failed);
  EXPECT_EQ(evaluate_preconditions(fields({{"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"}}), none),
            Precondition::proceed);
}

TEST(IfRange, MatchesStronglyOrByExactDate) {
  struct Case {
    Request request;
    bool matches;
  };
  const std::vector<Case> cases = {
      {{}, true},
      {{{"if-range", "\"a\""}}, true},
      {{{"if-range", "W/\"a\""}}, false},
      {{{"if-range", "\"b\""}}, false},
      {{{"if-range", "\"a\", \"b\""}}, false},
      {{{"if-range", "\"a\""}, {"if-range", "\"a\""}}, false},
      {{{"if-range", "*"}}, false},
      {{{"if-range", "Sun, 06 Nov 1994 08:49:37 GMT"}}, true},
      {{{"if-range", "Sun, 06 Nov 1994 08:49:38 GMT"}}, false},
      {{{"if-range", ""}}, false},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(if_range_matches(fields(item.request), {"\"a\"", example}), item.matches) << text(item.request);
  }
  EXPECT_FALSE(if_range_matches(fields({{"if-range", "\"\""}}), {}));
}

}  // namespace
}  // namespace wheelbarrow::http
