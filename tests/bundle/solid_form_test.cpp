#include "bundle/solid_form.hpp"

#include <brotli/decode.h>
#include <gtest/gtest.h>

#include <random>

#include "temporary_folder.hpp"

namespace wheelbarrow::bundle {
namespace {

class SolidForm : public testing::Test {
 protected:
  void SetUp() override {
    store::StoreOptions options;
    options.folder = folder / "store";
    store = std::move(*store::Store::open(std::move(options)));
  }

  test::TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
};

TEST_F(SolidForm, DecodesToAllSlices) {
  std::mt19937 dice(1);
  std::string text(700'000, '\0');
  for (char& c : text) {
    c = static_cast<char>('a' + dice() % 7);
  }
  const Slice whole = Slice::of(text);
  const std::vector<Slices> bodies = {
      {},
      {Slice::of(std::string())},
      {whole},
      {whole.part(0, 1), whole.part(1, 300'000), Slice::of(std::string()), whole.part(300'001, 399'999)},
  };
  const auto decoded = [&](std::span<const std::byte> coded) {
    std::string plain(text.size() + 1, '\0');
    std::size_t size = plain.size();
    EXPECT_EQ(BrotliDecoderDecompress(coded.size(), reinterpret_cast<const std::uint8_t*>(coded.data()),
                                      &size, reinterpret_cast<std::uint8_t*>(plain.data())),
              BROTLI_DECODER_RESULT_SUCCESS);
    return plain.substr(0, size);
  };
  for (const std::string& content : {std::string(), text}) {
    const auto coded = compress_brotli(std::as_bytes(std::span(content)));
    ASSERT_TRUE(coded);
    EXPECT_TRUE(decoded(*coded) == content);
  }
  std::uint64_t best_size = 0;
  for (const Slices& body : bodies) {
    for (const Effort effort : {Effort::best, Effort::fast}) {
      auto writer = store->create();
      ASSERT_TRUE(writer);
      ASSERT_TRUE(compress_brotli(body, effort, {}, *writer));
      const auto blob = store->publish("form", store::Rank::spare, std::move(*writer));
      ASSERT_TRUE(blob);
      EXPECT_TRUE(decoded(blob->bytes.bytes) == (total_size(body) == 0 ? "" : text));
      if (effort == Effort::best)
        best_size = blob->bytes.size();
      else
        EXPECT_GE(blob->bytes.size(), best_size);
    }
  }
}

TEST_F(SolidForm, IsGivenUpWhenNobodyWantsIt) {
  auto writer = store->create();
  ASSERT_TRUE(writer);
  const auto done =
      compress_brotli({Slice::of(std::string("text"))}, Effort::best, [] { return true; }, *writer);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace wheelbarrow::bundle
