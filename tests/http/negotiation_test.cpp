#include "http/negotiation.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace wheelbarrow::http {
namespace {

constexpr auto I = Coding::identity;
constexpr auto G = Coding::gzip;
constexpr auto Z = Coding::zstd;

struct Case {
  const char* accept_encoding;  // null: no field
  std::vector<Coding> available;
  std::optional<Coding> chosen;
};

TEST(Negotiate, ChoosesAsTheClientRanks) {
  const std::vector<Coding> all = {Z, G, I};
  const std::vector<Case> cases = {
      {nullptr, all, I},
      {nullptr, {Z, G}, std::nullopt},
      {"", all, I},
      {"", {Z}, std::nullopt},
      {"gzip, deflate, br, zstd", all, Z},
      {"gzip, deflate, br, zstd", {G, Z, I}, G},
      {"gzip, deflate, br", all, G},
      {"br, deflate", all, I},
      {"br, deflate", {Z, G}, std::nullopt},
      {"gzip, deflate, br, zstd", {Coding::br, Z, G, I}, Coding::br},
      {"gzip, br;q=0.5", {Coding::br, Z, G, I}, G},
      {"gzip, br, zstd, dcb, dcz", {Coding::dcz, Coding::br, Z, G, I}, Coding::dcz},
      {"gzip, dcz;q=0", {Coding::dcz, G, I}, G},
      {"*", {Coding::dcz, Z, G, I}, Z},
      {"GZip", all, G},
      {"x-gzip", all, G},
      {"gzip;q=0.5, zstd;q=0.4", all, G},
      {"gzip;q=0.5,zstd;q=0.5", all, Z},
      {"gzip ; q=0.5 , zstd\t;\tQ=0.501", all, Z},
      {"gzip;q=0.001", all, G},
      {"zstd;q=0, gzip", all, G},
      {"zstd;q=0", all, I},
      {"zstd;q=0.0, gzip;q=0.00", all, I},
      {"*", all, Z},
      {"*", {I, G}, G},
      {"*;q=0", all, std::nullopt},
      {"*;q=0, gzip", all, G},
      {"gzip, *;q=0", {Z, I}, std::nullopt},
      {"zstd;q=0, *", all, G},
      {"identity", all, I},
      {"identity;q=0", all, std::nullopt},
      {"identity;q=0, gzip", {I, G}, G},
      {"identity;q=1, gzip;q=0.9", all, I},
      {"identity;q=0.5, gzip;q=0.5", all, G},
      {"identity;q=0.5, *;q=0.1", all, I},
      {"gzip;q=0.5, *", {G, I}, I},
      {"gzip;q=1.000", all, G},
      // Malformed members don't count.
      {"gzip;q=2", all, I},
      {"gzip;q=1.001", all, I},
      {"gzip;q=0.1234", all, I},
      {"gzip;q=", all, I},
      {"gzip;q=.5", all, I},
      {"gzip;level=9", all, I},
      {"gzip;q=x, zstd", all, Z},
      {"gzip;q=-1", all, I},
      {",,, gzip ,,", all, G},
      {"gz ip", all, I},
  };
  for (const Case& item : cases) {
    const std::optional<std::string_view> field = item.accept_encoding == nullptr
                                                      ? std::nullopt
                                                      : std::optional<std::string_view>(item.accept_encoding);
    EXPECT_EQ(negotiate(field, item.available), item.chosen)
        << "Accept-Encoding: " << (item.accept_encoding == nullptr ? "(none)" : item.accept_encoding)
        << " of " << item.available.size();
  }
}

TEST(Acceptance, IsThatOfTheMostSpecificRange) {
  constexpr std::string_view html = "text/html";
  constexpr std::string_view json = "application/vnd.pypi.simple.v1+json";
  const struct {
    const char* accept;  // null: no field
    std::string_view type;
    Acceptance expected;
  } cases[] = {
      {nullptr, html, {1000, 0}},
      {"", html, {1000, 0}},
      {"  ", html, {1000, 0}},
      {"*/*", html, {1000, 0}},
      {"*/*;q=0.1", html, {100, 0}},
      {"text/*", html, {1000, 1}},
      {"TEXT/HTML", html, {1000, 2}},
      {"text/html;q=0.25", html, {250, 2}},
      {"text/html ; Q=0.25", html, {250, 2}},
      {"text/html;charset=utf-8;q=0.25", html, {250, 2}},
      {"text/html;q=0.25;level=1", html, {250, 2}},
      {"text/html;charset=utf-8", html, {1000, 2}},
      {"text/html;q=0, */*", html, {0, 2}},
      {"*/*, text/html;q=0", html, {0, 2}},
      {"*/*, text/*;q=0.5, text/html;q=0.1", html, {100, 2}},
      {"text/html;q=0.1, text/*;q=0.5", html, {100, 2}},
      {"text/html;q=0.1, text/html;q=0.3, text/html;q=0.2", html, {300, 2}},
      {"image/png, */*;q=0.8", html, {800, 0}},
      {"image/png", html, {0, 0}},
      {"text/plain", html, {0, 0}},
      {"text/htm", html, {0, 0}},
      {"texts/*", html, {0, 0}},
      {"*", html, {0, 0}},
      {"*/html", html, {0, 0}},
      {"application/vnd.pypi.simple.v1+json, */*;q=0.01", json, {1000, 2}},
      {"application/vnd.pypi.simple.v1+json, */*;q=0.01", html, {10, 0}},
      {"application/*", json, {1000, 1}},
      {"application/json", json, {0, 0}},
      // Malformed members don't count.
      {"text/html;q=2", html, {0, 0}},
      {"text/html;q=.5", html, {0, 0}},
      {"text/html;q=x, */*;q=0.5", html, {500, 0}},
      {",,, text/html ,,", html, {1000, 2}},
  };
  for (const auto& [accept, type, expected] : cases) {
    const auto field = accept == nullptr ? std::nullopt : std::optional<std::string_view>(accept);
    const Acceptance found = acceptance(field, type);
    EXPECT_EQ(found.weight, expected.weight) << type << " by Accept: " << (accept ? accept : "(none)");
    EXPECT_EQ(found.specificity, expected.specificity)
        << type << " by Accept: " << (accept ? accept : "(none)");
  }
}

TEST(Token, IsWhatContentEncodingSays) {
  EXPECT_EQ(token(I), "identity");
  EXPECT_EQ(token(G), "gzip");
  EXPECT_EQ(token(Z), "zstd");
}

}  // namespace
}  // namespace wheelbarrow::http
