#include "bundle/engine.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "bundle/dictionary_decoder.hpp"
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

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder / "wheels");
    WheelBuilder("base").file("base/data.txt", std::string(100'000, 'd')).write(folder / "wheels");
    WheelBuilder("app").metadata_line("Requires-Dist: base").write(folder / "wheels");
    open_store();
    scan();
  }

  void open_store(const char* name = "store") {
    engine.reset();
    auto opened = store::Store::open({folder / name, {}});
    ASSERT_TRUE(opened) << opened.error().text();
    store = std::move(*opened);
    engine = std::make_unique<Engine>(*store, options);
  }
  void scan() {
    wheelhouse::WheelhouseOptions wheels;
    wheels.folders = {folder / "wheels"};
    auto opened = wheelhouse::Wheelhouse::open(wheels);
    ASSERT_TRUE(opened) << opened.error().text();
    catalog = (*opened)->catalog();
  }
  Manifest plan_of(const char* requirement, Format format = Format::site) {
    const auto* target = packaging::find_target("pyodide-0.29");
    const std::vector requirements{*packaging::Requirement::parse(requirement)};
    const auto lock = resolver::resolve(*catalog, *target, {requirements, {}, {}});
    EXPECT_TRUE(lock) << lock.error().text();
    return plan(*lock, *target, format);
  }
  Result<BundlePtr> make(const Manifest& planned) {
    return wait_for<BundlePtr>(
        [&](Callback<BundlePtr> done) { engine->bundle(planned, catalog, std::move(done)); });
  }
  Result<BundlePtr> find(const Sha256& hash) {
    return wait_for<BundlePtr>(
        [&](Callback<BundlePtr> done) { engine->find_bundle(hash, catalog, std::move(done)); });
  }
  Result<Encoded> encode(const BundlePtr& bundle, Form form) {
    return wait_for<Encoded>([&](Callback<Encoded> done) { engine->encode(bundle, form, std::move(done)); });
  }
  void drain_background() {
    while (engine->background_backlog() > 0) {
      std::this_thread::yield();
    }
  }

  test::TemporaryFolder folder;
  EngineOptions options;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Engine> engine;
  std::shared_ptr<const wheelhouse::Catalog> catalog;
};

TEST_F(EngineTest, ABundleIsNamedByItsIdentityBytes) {
  const auto bundle = make(plan_of("app"));
  ASSERT_TRUE(bundle) << bundle.error().text();
  const auto identity = encode(*bundle, Form::identity);
  ASSERT_TRUE(identity);
  const std::string bytes = flatten(identity->body);
  EXPECT_EQ(sha256(bytes), (*bundle)->sha256);
  EXPECT_EQ(bytes.size(), (*bundle)->size());
  const auto entries = test::untar(bytes);
  EXPECT_EQ(entries.front().path, "wheelbarrow.json");
  EXPECT_EQ(entries.front().content, std::string((*bundle)->first.in(Form::identity).text().substr(512)));
}

TEST_F(EngineTest, LargeModulesComeFirstAndNothingElseChangesPlaces) {
  const std::string half(512 * 1024, 'm');
  WheelBuilder("b").file("b1.so", half).file("b2.so", half).write(folder / "wheels");
  WheelBuilder("c").file("c.so", std::string(1024 * 1024 - 1, 'm')).write(folder / "wheels");
  WheelBuilder("d").metadata_line("Requires-Dist: b").file("d.so", half + half).write(folder / "wheels");
  WheelBuilder all("zall");
  for (const char* name : {"app", "c", "d"}) {
    all.metadata_line(std::string("Requires-Dist: ") + name);
  }
  all.write(folder / "wheels");
  scan();
  const auto names_of = [](const Manifest& manifest) {
    std::string names;
    for (const Member& member : manifest.members) {
      names += member.name + ' ';
    }
    return names;
  };
  const Manifest planned = plan_of("zall");
  EXPECT_EQ(names_of(planned), "b base app c d zall ");
  const auto bundle = make(planned);
  ASSERT_TRUE(bundle) << bundle.error().text();
  EXPECT_EQ(names_of((*bundle)->manifest), "b d base app c zall ");
  const std::string bytes = flatten(encode(*bundle, Form::identity)->body);
  for (const Member& member : (*bundle)->manifest.members) {
    EXPECT_EQ(sha256(std::string_view(bytes).substr(member.offset, member.size)), member.layer)
        << member.name;
  }
  drain_background();
  open_store();
  const auto again = find((*bundle)->sha256);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(names_of((*again)->manifest), names_of((*bundle)->manifest));
}

TEST_F(EngineTest, TheSameSetOnAnotherStoreGivesTheSameName) {
  const auto first = make(plan_of("app"));
  open_store("other store");
  const auto second = make(plan_of("app"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->sha256, (*second)->sha256);
}

TEST_F(EngineTest, LayersAreBuiltOnceWhateverSetsTheyAreIn) {
  ASSERT_TRUE(make(plan_of("app")));
  ASSERT_TRUE(make(plan_of("base")));
  EXPECT_EQ(engine->statistics().layers_built, 2U);
  EXPECT_EQ(engine->statistics().bundles_assembled, 2U);
  ASSERT_TRUE(make(plan_of("app")));
  EXPECT_EQ(engine->statistics().bundles_assembled, 2U);
}

TEST_F(EngineTest, ManyWhoAskAtOnceCauseOneBuild) {
  std::atomic<int> answered = 0;
  std::promise<void> all;
  const Manifest planned = plan_of("app");
  for (int i = 0; i < 200; ++i) {
    engine->bundle(planned, catalog, [&](Result<BundlePtr> bundle) {
      EXPECT_TRUE(bundle);
      if (++answered == 200) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(engine->statistics().bundles_assembled, 1U);
  EXPECT_EQ(engine->statistics().layers_built, 2U);
}

TEST_F(EngineTest, IsFoundByNameAfterARestartWithoutTheWheels) {
  const auto made = make(plan_of("app"));
  ASSERT_TRUE(made);
  drain_background();
  std::filesystem::remove_all(folder / "wheels");
  std::filesystem::create_directories(folder / "wheels");
  open_store();
  scan();
  const auto found = find((*made)->sha256);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ((*found)->sha256, (*made)->sha256);
  EXPECT_EQ(engine->statistics().layers_built, 0U);
}

TEST_F(EngineTest, ADamagedLayerIsBuiltAgain) {
  const auto made = make(plan_of("app"));
  ASSERT_TRUE(made);
  const std::string before = flatten(encode(*made, Form::identity)->body);
  drain_background();
  const auto path = (*made)->layers[0].path;
  open_store();
  std::ofstream(path, std::ios::binary | std::ios::in) << "damage";
  const auto found = find((*made)->sha256);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(flatten(encode(*found, Form::identity)->body), before);
  EXPECT_EQ(engine->statistics().layers_built, 1U);
}

TEST_F(EngineTest, WhatNobodyWaitsForIsNotBuilt) {
  const Manifest planned = plan_of("app");
  const auto abandoned = wait_for<BundlePtr>([&](const Callback<BundlePtr>& done) {
    engine->bundle(planned, catalog,
                   {[done](Result<BundlePtr> bundle) { done(std::move(bundle)); }, [] { return true; }});
  });
  ASSERT_FALSE(abandoned);
  EXPECT_EQ(abandoned.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(engine->statistics().layers_built, 0U);
  EXPECT_EQ(engine->pending(), 0U);
  EXPECT_TRUE(make(planned));
}

// Clients that leave while others come: everyone who stays gets the bundle.
TEST_F(EngineTest, WhoStaysIsAnsweredWhoeverLeaves) {
  const Manifest planned = plan_of("app");
  for (int round = 0; round < 50; ++round) {
    open_store(("store" + std::to_string(round)).c_str());
    std::vector<std::atomic<bool>> left(8);
    std::atomic<int> answered = 0;
    std::promise<void> all;
    for (std::atomic<bool>& gone : left) {
      engine->bundle(planned, catalog, {[](const Result<BundlePtr>&) {}, [&gone] { return gone.load(); }});
    }
    std::thread leaving([&] {
      for (std::atomic<bool>& gone : left) {
        gone = true;
      }
    });
    for (int i = 0; i < 4; ++i) {
      engine->bundle(planned, catalog, [&](const Result<BundlePtr>& bundle) {
        EXPECT_TRUE(bundle) << bundle.error().text();
        if (++answered == 4) all.set_value();
      });
    }
    all.get_future().wait();
    leaving.join();
  }
}

TEST_F(EngineTest, ADeltaIsThereForWhoAsksAgain) {
  const auto old = make(plan_of("base"));
  const auto wanted = make(plan_of("app"));
  ASSERT_TRUE(old && wanted);
  ASSERT_TRUE(encode(*wanted, Form::zstd));
  EXPECT_FALSE(engine->delta(*wanted, (*old)->sha256, catalog)) << "nobody waits for one";
  std::optional<Encoded> delta;
  for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
       !delta && std::chrono::steady_clock::now() < deadline;) {
    delta = engine->delta(*wanted, (*old)->sha256, catalog);
  }
  ASSERT_TRUE(delta);
  EXPECT_EQ(test::undcz(flatten(encode(*old, Form::identity)->body), flatten(delta->body)),
            flatten(encode(*wanted, Form::identity)->body));
  EXPECT_NE(delta->etag, encode(*wanted, Form::zstd)->etag);
  EXPECT_EQ(delta->digest, sha256(flatten(delta->body)));
  // What was never served is no dictionary.
  EXPECT_FALSE(engine->delta(*wanted, sha256("nothing"), catalog));
  drain_background();
  EXPECT_FALSE(engine->delta(*wanted, sha256("nothing"), catalog));
}

TEST_F(EngineTest, WhatIsAskedForOftenBecomesSolid) {
  const auto bundle = make(plan_of("app"));
  ASSERT_TRUE(bundle);
  for (unsigned i = 1; i < options.hot_after; ++i) {
    EXPECT_FALSE(engine->solid(*bundle));
    drain_background();
  }
  std::optional<Encoded> solid;
  for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
       !solid && std::chrono::steady_clock::now() < deadline;) {
    solid = engine->solid(*bundle);
  }
  ASSERT_TRUE(solid);
  EXPECT_LT(total_size(solid->body), (*bundle)->size());
  const auto waited_for = wait_for<Encoded>(
      [&](Callback<Encoded> done) { engine->solid(*bundle, Effort::best, std::move(done)); });
  ASSERT_TRUE(waited_for) << waited_for.error().text();
  EXPECT_EQ(waited_for->etag, solid->etag);
}

TEST_F(EngineTest, WhoWaitsForTheSolidFormGetsItAtOnce) {
  const auto bundle = make(plan_of("app"));
  ASSERT_TRUE(bundle);
  for (const Effort effort : {Effort::fast, Effort::best}) {
    const auto solid =
        wait_for<Encoded>([&](Callback<Encoded> done) { engine->solid(*bundle, effort, std::move(done)); });
    ASSERT_TRUE(solid) << solid.error().text();
    EXPECT_EQ(solid->digest, sha256(flatten(solid->body)));
    EXPECT_LT(total_size(solid->body), (*bundle)->size());
  }
}

TEST_F(EngineTest, UnknownNamesAreNotFound) {
  const auto found = find(sha256("never made"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::not_found);
}

TEST_F(EngineTest, TheBestFormFollowsUnderAnotherTag) {
  const auto bundle = make(plan_of("app"));
  for (const Form form : {Form::zstd, Form::gzip}) {
    const auto fast = encode(*bundle, form);
    ASSERT_TRUE(fast) << fast.error().text();
    EXPECT_FALSE(fast->digest);
    drain_background();
    const auto best = encode(*bundle, form);
    EXPECT_LE(total_size(best->body), total_size(fast->body));
    EXPECT_NE(best->etag, fast->etag);
    drain_background();
    const auto again = encode(*bundle, form);
    EXPECT_EQ(again->etag, best->etag);
    ASSERT_TRUE(again->digest);
    EXPECT_EQ(*again->digest, sha256(flatten(again->body)));
  }
  // The fast forms are gone from the disk: two wheels, two layers, two best forms of each, one manifest.
  drain_background();
  std::size_t blobs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "store" / "blobs")) {
    blobs += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(blobs, 2U + 2U + 4U + 1U);
}

TEST_F(EngineTest, AWheelThatChangedBehindItsHashIsNotServed) {
  const auto wheel = catalog->project("base").front();
  std::ofstream(wheel->path, std::ios::binary | std::ios::app) << "more";
  const auto blob =
      wait_for<store::Blob>([&](Callback<store::Blob> done) { engine->wheel(wheel, std::move(done)); });
  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().kind, ErrorKind::busy);
  EXPECT_FALSE(make(plan_of("base")));
}

TEST_F(EngineTest, FilesAreServedAsTheyAreNow) {
  const auto path = folder / "app.js";
  const auto get = [&] {
    return wait_for<store::Blob>([&](Callback<store::Blob> done) { engine->file(path, std::move(done)); });
  };
  EXPECT_EQ(get().error().kind, ErrorKind::not_found);
  test::write_file(path, "one");
  EXPECT_EQ(get()->bytes.text(), "one");
  test::write_file(path, "three");
  EXPECT_EQ(get()->bytes.text(), "three");
  open_store();
  EXPECT_EQ(get()->bytes.text(), "three");
  for (int i = 100; i < 200; ++i) {
    const std::string text = std::to_string(i);
    test::write_file(path, text);
    EXPECT_EQ(get()->bytes.text(), text) << "of the same size, and maybe of the same time";
  }
}

TEST_F(EngineTest, StopDestroysCallbacksUncalled) {
  auto held = std::make_shared<int>(1);
  for (int i = 0; i < 50; ++i) {
    engine->bundle(plan_of(i % 2 == 0 ? "app" : "base"), catalog, [held](const Result<BundlePtr>&) {});
  }
  engine->stop();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace wheelbarrow::bundle
