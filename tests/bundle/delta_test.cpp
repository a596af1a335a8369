#include "bundle/delta.hpp"

#include <gtest/gtest.h>

#include <random>

#include "bundle/dictionary_decoder.hpp"
#include "bundle/untar.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::bundle {
namespace {

// Whole blocks of words, the same in every run.
std::string text(std::size_t blocks, unsigned seed) {
  std::mt19937 dice(seed);
  std::string bytes(blocks * 512, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>('a' + dice() % 16);
  }
  return bytes;
}

struct Layer {
  std::string name;
  std::string content;
};

class DeltaTest : public testing::Test {
 protected:
  void SetUp() override {
    store::StoreOptions options;
    options.folder = folder / "store";
    auto opened = store::Store::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().text();
    store = std::move(*opened);
  }

  BundlePtr bundle_of(const std::vector<Layer>& layers) {
    Manifest manifest;
    std::vector<store::Blob> blobs;
    for (const auto& [name, content] : layers) {
      Member member;
      member.name = name;
      manifest.members.push_back(member);
      auto blob =
          store->put(name + sha256(content).hex(), store::Rank::source, std::as_bytes(std::span(content)));
      EXPECT_TRUE(blob) << blob.error().text();
      blobs.push_back(*blob);
    }
    auto bundle = assemble(std::move(manifest), std::move(blobs));
    EXPECT_TRUE(bundle);
    return *bundle;
  }

  static std::string identity_of(const Bundle& bundle) {
    std::string bytes(bundle.first.in(Form::identity).text());
    for (const auto& layer : bundle.layers) {
      bytes += layer.bytes.text();
    }
    return bytes.append(bundle.last.in(Form::identity).text());
  }

  Result<std::string> delta(const Bundle& held, const Bundle& wanted, const GiveUp& give_up = {}) {
    std::vector<Slice> coded;
    for (const auto& layer : wanted.layers) {
      coded.push_back(Slice::of(*compress(layer.bytes.bytes, Form::zstd, Effort::fast)));
    }
    auto writer = store->create();
    EXPECT_TRUE(writer);
    if (auto done = write_delta(held, wanted, coded, give_up, *writer); !done) {
      return std::unexpected(done.error());
    }
    auto blob = store->publish("delta", store::Rank::spare, std::move(*writer));
    EXPECT_TRUE(blob);
    return std::string(blob->bytes.text());
  }

  test::TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
};

TEST_F(DeltaTest, DecodesToTheWantedBundleWhateverChanged) {
  const std::string a = text(3000, 1);
  const std::string b = text(20'000, 2);
  const std::string c = text(700, 3);
  std::string changed = b;
  changed.replace(1'000'000, 700, 700, '!');
  const auto held = bundle_of({{"a", a}, {"b", b}, {"c", c}});
  const std::string dictionary = identity_of(*held);
  const std::vector<std::vector<Layer>> wanted = {
      {{"a", a}, {"b", b}, {"c", c}},
      {{"c", c}, {"a", a}},
      {{"a", a}, {"b", changed}, {"c", c}},
      {{"b", changed}},
      {{"a", a}, {"new", text(5000, 4)}, {"c", c}},
      {{"a", a}, {"b", changed.substr(0, 512 * 100)}, {"c", changed}},
      {{"other", text(100, 5)}},
      {},
  };
  for (const auto& layers : wanted) {
    const auto bundle = bundle_of(layers);
    const auto coded = delta(*held, *bundle);
    ASSERT_TRUE(coded) << coded.error().text();
    EXPECT_TRUE(test::undcz(dictionary, *coded) == identity_of(*bundle)) << layers.size();
    EXPECT_EQ(coded->substr(8, 32),
              std::string(reinterpret_cast<const char*>(held->sha256.bytes.data()), 32));
  }
}

TEST_F(DeltaTest, CostsNextToNothingForWhatIsKnown) {
  const std::string a = text(30'000, 1);
  std::string changed = text(2000, 2);
  const auto held = bundle_of({{"a", a}, {"b", changed}});
  changed.replace(500'000, 100, 100, '!');
  const auto wanted = bundle_of({{"a", a}, {"b", changed}});
  const auto coded = delta(*held, *wanted);
  ASSERT_TRUE(coded);
  EXPECT_LT(coded->size(), wanted->size() / 1000);
  const auto same = delta(*held, *held);
  ASSERT_TRUE(same);
  EXPECT_LT(same->size(), held->size() / 5000);
}

TEST_F(DeltaTest, AWheelLargerThanAWindowIsFoundAgain) {
  // 12 MiB with a change in the middle: two frames, each of which has to reach back to its own part.
  std::string large = text(24'576, 6);
  const auto held = bundle_of({{"large", large}, {"z", text(9000, 7)}});
  large.replace(6'000'000, 1000, 1000, '!');
  const auto wanted = bundle_of({{"large", large}, {"z", text(9000, 7)}});
  const auto coded = delta(*held, *wanted);
  ASSERT_TRUE(coded);
  EXPECT_TRUE(test::undcz(identity_of(*held), *coded) == identity_of(*wanted));
  EXPECT_LT(coded->size(), wanted->size() / 200);
}

TEST_F(DeltaTest, IsGivenUpWhenNobodyWantsIt) {
  const auto held = bundle_of({{"a", text(100, 1)}});
  const auto wanted = bundle_of({{"a", text(100, 2)}});
  const auto coded = delta(*held, *wanted, [] { return true; });
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace wheelbarrow::bundle
