#include "bundle/zstd_copy.hpp"

#include <gtest/gtest.h>

#include <random>

#include "bundle/dictionary_decoder.hpp"

namespace wheelbarrow::bundle {
namespace {

// Bytes that don't compress, so that only a copy can be short.
std::string noise(std::size_t size) {
  std::mt19937 dice(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(dice());
  }
  return bytes;
}

TEST(ZstdCopy, DecodesToAnyPartOfTheDictionary) {
  const std::string dictionary = noise(20 << 20);
  struct Case {
    std::size_t from;
    std::size_t size;
  };
  constexpr std::size_t end = 20 << 20;
  const Case cases[] = {
      {0, 512},
      {0, 1024},
      {512, 128 << 10},
      {1024, (128 << 10) + 512},
      {end - 512, 512},
      {0, 8 << 20},
      {512, (8 << 20) + 512},
      {0, end},
      {end - (9 << 20), 9 << 20},
  };
  for (const auto& [from, size] : cases) {
    const std::string coded = zstd_copy(dictionary.size() - from, size);
    EXPECT_TRUE(test::unzstd_with(dictionary, coded) == dictionary.substr(from, size)) << from << ' ' << size;
    EXPECT_LT(coded.size(), 100 + size / 6000) << from << ' ' << size;
  }
}

TEST(ZstdCopy, EverySizeOfAFewBlocks) {
  const std::string dictionary = noise(400 << 10);
  for (std::size_t size = 512; size <= dictionary.size(); size += 512) {
    const std::string coded = zstd_copy(dictionary.size(), size);
    ASSERT_TRUE(test::unzstd_with(dictionary, coded) == dictionary.substr(0, size)) << size;
  }
}

TEST(ZstdCopy, NothingIsNothing) {
  EXPECT_EQ(zstd_copy(512, 0), "");
}

}  // namespace
}  // namespace wheelbarrow::bundle
