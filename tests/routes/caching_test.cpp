#include "routes/caching.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wheelbarrow::routes {
namespace {

TEST(CachePolicy, TakesWhatARuleMayBe) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"bundle=public, max-age=60", "public, max-age=60"},
      {" bundle = public,max-age=60 ", "public,max-age=60"},
      {"bundle=no-store", "no-store"},
      {"bundle=private, max-age=0, must-revalidate", "private, max-age=0, must-revalidate"},
      {"bundle=s-maxage=600, stale-while-revalidate=1, stale-if-error=2147483647",
       "s-maxage=600, stale-while-revalidate=1, stale-if-error=2147483647"},
  };
  for (const auto& [text, control] : cases) {
    CachePolicy policy;
    const auto set = policy.set_control(text);
    ASSERT_TRUE(set) << text << ": " << set.error().text();
    EXPECT_EQ(policy.of(CacheClass::bundle).control, control);
    EXPECT_EQ(policy.of(CacheClass::bundle).cdn, "");
    EXPECT_EQ(policy.of(CacheClass::index).control, CachePolicy().of(CacheClass::index).control);
    ASSERT_TRUE(policy.set_cdn(text));
    EXPECT_EQ(policy.of(CacheClass::bundle).cdn, control);
  }
}

TEST(CachePolicy, RefusesTheRest) {
  for (const char* text :
       {"", "bundle", "bundle=", "bundle=,", "bundle= , public", "bundles=public", "bundle=public;max-age=1",
        "bundle=max-age", "bundle=max-age=", "bundle=max-age=x", "bundle=max-age=2147483648",
        "bundle=max-age=1.5", "bundle=public=1", "bundle=public, public", "bundle=public, private",
        "bundle=private, s-maxage=1", "bundle=no-store, immutable", "bundle=public\r\nx: y"}) {
    CachePolicy policy;
    const auto set = policy.set_control(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().kind, ErrorKind::invalid_input) << text;
    EXPECT_EQ(policy.of(CacheClass::bundle).control, CachePolicy().of(CacheClass::bundle).control) << text;
  }
}

TEST(MadePrivate, LeavesOutWhatSharedCachesWouldTake) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"public, max-age=60, s-maxage=600", "private, max-age=60"},
      {"max-age=60", "private, max-age=60"},
      {"public, no-cache", "private, no-cache"},
      {"private", "private"},
      {"public,max-age=1,proxy-revalidate,immutable", "private, max-age=1, immutable"},
  };
  for (const auto& [control, expected] : cases) {
    EXPECT_EQ(made_private(control), expected) << control;
  }
}

TEST(CacheKeys, NameProjectsAndWheelsOnce) {
  CacheKeys keys;
  const Sha256 wheel = sha256("wheel");
  keys.add("numpy", wheel);
  keys.add("numpy", wheel);
  keys.add_project("lxml");
  EXPECT_EQ(keys.joined(" "), "wheelbarrow project-lxml project-numpy wheel-" + wheel.hex().substr(0, 16));
}

TEST(CacheKeys, AreAsManyAsCachesTake) {
  CacheKeys keys;
  for (int i = 0; i < 250; ++i) {
    keys.add("project" + std::to_string(i), sha256(std::to_string(i)));
  }
  EXPECT_EQ(keys.joined(",").find("wheel-"), std::string::npos);
  EXPECT_NE(keys.joined(",").find(",project-project249"), std::string::npos);
  for (int i = 250; i < 1000; ++i) {
    keys.add("project" + std::to_string(i), sha256(std::to_string(i)));
  }
  EXPECT_EQ(keys.joined(","), "wheelbarrow");
}

}  // namespace
}  // namespace wheelbarrow::routes
