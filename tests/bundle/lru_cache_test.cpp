#include "bundle/lru_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wheelbarrow::bundle {
namespace {

std::string left(LruCache<int>& cache) {
  std::string keys;
  for (const char* const key : {"a", "b", "c", "d", "e"}) {
    if (cache.get(key)) keys += key;
  }
  return keys;
}

TEST(LruCacheTest, ForgetsWhatWasUsedLongestAgo) {
  LruCache<int> cache(3);
  for (const char* const key : {"a", "b", "c"}) {
    cache.put(key, 1);
  }
  EXPECT_TRUE(cache.get("a"));
  cache.put("d", 1);
  EXPECT_EQ(left(cache), "acd");
}

TEST(LruCacheTest, WeighsValues) {
  LruCache<int> cache(10);
  cache.put("a", 1, 4);
  cache.put("b", 1, 4);
  cache.put("c", 1, 3);
  EXPECT_EQ(left(cache), "bc");
  cache.put("b", 2, 9);  // replaced, not added
  EXPECT_EQ(left(cache), "b");
  cache.put("d", 1, 100);
  EXPECT_EQ(left(cache), "d");
  cache.put("e", 1);
  EXPECT_EQ(left(cache), "e");
}

TEST(LruCacheTest, ForgetsHalf) {
  LruCache<int> cache(10);
  for (const char* const key : {"a", "b", "c", "d", "e"}) {
    cache.put(key, 1);
  }
  cache.forget_half();
  EXPECT_EQ(left(cache), "de");
  cache.forget_half();
  cache.forget_half();
  EXPECT_EQ(left(cache), "");
  cache.put("a", 1);
  EXPECT_EQ(left(cache), "a");
}

}  // namespace
}  // namespace wheelbarrow::bundle
