#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <thread>

#include "bundle/engine.hpp"
#include "bundle/untar.hpp"
#include "bundle/wait.hpp"
#include "resolver/resolver.hpp"
#include "temporary_folder.hpp"
#include "wheelhouse/wheel_builder.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::bundle {
namespace {

using test::flatten;
using test::WheelBuilder;

std::string noise(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random());
  }
  return bytes;
}

constexpr std::size_t max_part = 40'000;

// Twelve wheels of 10 kB that nothing makes smaller, and what needs them all.
class EnginePartsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder / "wheels");
    WheelBuilder all("all");
    for (unsigned i = 0; i < 12; ++i) {
      const std::string name = "noise" + std::to_string(i);
      write_noise(name, "1.0", i);
      all.metadata_line("Requires-Dist: " + name);
    }
    all.write(folder / "wheels");
    open_store("store");
    scan();
  }

  void write_noise(const std::string& name, const char* version, unsigned seed) {
    WheelBuilder(name, version).file(name + "/data", noise(seed, 10'000)).write(folder / "wheels");
  }
  void open_store(const char* name) {
    engine.reset();
    auto opened = store::Store::open({folder / name, {}});
    ASSERT_TRUE(opened) << opened.error().text();
    store = std::move(*opened);
    EngineOptions options;
    options.max_part = max_part;
    options.upgrade = false;
    options.background_failure = [](const Error& failure) { ADD_FAILURE() << failure.text(); };
    engine = std::make_unique<Engine>(*store, options);
  }
  void scan() {
    wheelhouse::WheelhouseOptions wheels;
    wheels.folders = {folder / "wheels"};
    auto opened = wheelhouse::Wheelhouse::open(wheels);
    ASSERT_TRUE(opened) << opened.error().text();
    catalog = (*opened)->catalog();
  }
  BundlePtr make(const char* requirement) {
    const auto* target = packaging::find_target("pyodide-0.29");
    const std::vector requirements{*packaging::Requirement::parse(requirement)};
    const auto lock = resolver::resolve(*catalog, *target, {requirements, {}, {}});
    EXPECT_TRUE(lock) << lock.error().text();
    const Manifest planned = plan(*lock, *target, Format::site);
    const auto made = wait_for<BundlePtr>(
        [&](Callback<BundlePtr> done) { engine->bundle(planned, catalog, std::move(done)); });
    EXPECT_TRUE(made) << made.error().text();
    return *made;
  }
  BundlePtr find(const Sha256& hash) {
    const auto found = wait_for<BundlePtr>(
        [&](Callback<BundlePtr> done) { engine->find_bundle(hash, catalog, std::move(done)); });
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : nullptr;
  }
  Slices encode(const BundlePtr& bundle, Form form) {
    return wait_for<Encoded>([&](Callback<Encoded> done) { engine->encode(bundle, form, std::move(done)); })
        ->body;
  }
  void drain_background() {
    while (engine->background_backlog() > 0) {
      std::this_thread::yield();
    }
  }
  static std::set<Sha256> names(const BundlePtr& bundle) {
    std::set<Sha256> names;
    for (const Part& part : bundle->manifest.parts) {
      names.insert(part.sha256);
    }
    return names;
  }

  test::TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Engine> engine;
  std::shared_ptr<const wheelhouse::Catalog> catalog;
};

TEST_F(EnginePartsTest, PartsAreBundlesThatTogetherHoldEveryFileOnce) {
  const BundlePtr whole = make("all");
  ASSERT_GE(whole->manifest.parts.size(), 3U);
  std::map<std::string, std::string> expected;
  for (const auto& entry : test::untar(flatten(encode(whole, Form::identity)))) {
    expected[entry.path] = entry.content;
  }
  expected.erase(std::string(manifest_path));
  std::map<std::string, std::string> found;
  for (const Part& part : whole->manifest.parts) {
    const BundlePtr bundle = find(part.sha256);
    ASSERT_TRUE(bundle);
    const std::string bytes = flatten(encode(bundle, Form::identity));
    EXPECT_EQ(sha256(bytes), part.sha256);
    EXPECT_EQ(bytes.size(), part.size);
    EXPECT_TRUE(bundle->manifest.parts.empty());
    EXPECT_LE(total_size(encode(bundle, Form::zstd)), max_part);
    EXPECT_LE(total_size(encode(bundle, Form::gzip)), max_part);
    std::vector<std::string> members;
    for (const Member& member : bundle->manifest.members) {
      members.push_back(member.name);
    }
    EXPECT_EQ(members, part.wheels);
    for (const auto& entry : test::untar(bytes)) {
      if (entry.path == manifest_path) continue;
      EXPECT_TRUE(found.emplace(entry.path, entry.content).second) << entry.path;
    }
  }
  EXPECT_EQ(found, expected);
}

TEST_F(EnginePartsTest, ASetThatFitsIsNotCut) {
  EXPECT_TRUE(make("noise1")->manifest.parts.empty());
}

TEST_F(EnginePartsTest, TheSameSetHasTheSameNamesElsewhere) {
  const BundlePtr first = make("all");
  open_store("other store");
  EXPECT_EQ(make("all")->sha256, first->sha256);
}

TEST_F(EnginePartsTest, AnotherWheelLeavesTheOtherPartsAlone) {
  const BundlePtr before = make("all");
  write_noise("noise5", "2.0", 100);
  scan();
  const BundlePtr after = make("all");
  EXPECT_NE(after->sha256, before->sha256);
  const std::set<Sha256> names_before = names(before);
  std::size_t changed = 0;
  for (const Sha256& name : names(after)) {
    if (!names_before.contains(name)) ++changed;
  }
  EXPECT_EQ(changed, 1U);
}

TEST_F(EnginePartsTest, PartsAreFoundAfterARestart) {
  const BundlePtr made = make("all");
  drain_background();
  open_store("store");
  for (const Part& part : made->manifest.parts) {
    EXPECT_TRUE(find(part.sha256));
  }
  EXPECT_EQ(engine->statistics().layers_built, 0U);
}

TEST_F(EnginePartsTest, PartsThatWereForgottenComeBackWithTheWhole) {
  const BundlePtr made = make("all");
  drain_background();
  for (const Part& part : made->manifest.parts) {
    ASSERT_TRUE(store->remove("bundle/" + part.sha256.hex()));
  }
  open_store("store");
  const BundlePtr whole = find(made->sha256);
  ASSERT_TRUE(whole);
  EXPECT_EQ(names(whole), names(made));
  for (const Part& part : made->manifest.parts) {
    EXPECT_TRUE(find(part.sha256));
  }
}

}  // namespace
}  // namespace wheelbarrow::bundle
