#include "wheelhouse/known_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "wheelhouse/wheel_builder.hpp"
#include "wheelhouse/wheel_json.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

using test::TemporaryFolder;
using test::WheelBuilder;
using testing::HasSubstr;

void expect_same(const Wheel& a, const Wheel& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.filename, b.filename);
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.modified, b.modified);
  EXPECT_EQ(a.name(), b.name());
  EXPECT_EQ(a.version(), b.version());
  EXPECT_EQ(a.parsed.tags, b.parsed.tags);
  EXPECT_EQ(a.metadata.requires_dist.size(), b.metadata.requires_dist.size());
  EXPECT_EQ(a.metadata_text, b.metadata_text);
  EXPECT_EQ(a.file_count, b.file_count);
  EXPECT_EQ(a.unpacked_size, b.unpacked_size);
  EXPECT_EQ(a.extension_modules, b.extension_modules);
  EXPECT_EQ(a.imports, b.imports);
  EXPECT_EQ(a.warnings, b.warnings);
}

class KnownFilesTest : public testing::Test {
 protected:
  // A wheel with something in every field.
  Wheel wheel() {
    const auto read = read_wheel(WheelBuilder("demo", "1.0", "cp313-none-any")
                                     .metadata_line("Requires-Dist: numpy >= 2")
                                     .metadata_line("Summary: caf\xc3\xa9 \"quoted\" \\ \x01")
                                     .file("demo_fast.so", "x")
                                     .unlisted_file("a.pyc", "")
                                     .write(folder_.path()));
    EXPECT_TRUE(read) << read.error().text();
    return read.value();
  }
  std::filesystem::path database() { return folder_ / "known.sqlite"; }

  TemporaryFolder folder_;
};

TEST_F(KnownFilesTest, KeepsWheelsAndRefusalsAsTheyAre) {
  const Wheel kept = wheel();
  Wheel library = kept;
  const LibraryDescription description{"libx", "1.1.1w", "pyodide_2025_0_wasm32"};
  library.path = folder_ / "libx.zip";
  library.filename = "libx.zip";
  library.metadata_text.clear();
  library.metadata.requires_dist.clear();
  describe_library(library, description);
  const KnownFiles known{
      {kept.path, {{1, -2, 3, {}}, std::make_shared<const Wheel>(kept), ""}},
      {library.path, {{4, 5, 6, description}, std::make_shared<const Wheel>(library), ""}},
      {"/wheels/\xff.whl", {{0, 0, ~0ULL, {}}, nullptr, "is not a zip archive"}},
  };
  {
    auto opened = KnownFilesDatabase::open(database(), {});
    ASSERT_TRUE(opened) << opened.error().text();
    ASSERT_TRUE(opened->save(known, {}));
  }
  auto reopened = KnownFilesDatabase::open(database(), {});
  ASSERT_TRUE(reopened) << reopened.error().text();
  const auto loaded = reopened->load(2);
  ASSERT_TRUE(loaded) << loaded.error().text();
  ASSERT_EQ(loaded->size(), known.size());
  for (const auto& [path, before] : known) {
    ASSERT_TRUE(loaded->contains(path)) << path;
    const KnownFile& after = loaded->at(path);
    EXPECT_EQ(after.identity, before.identity) << path;
    EXPECT_EQ(after.refusal, before.refusal) << path;
    ASSERT_EQ(after.wheel == nullptr, before.wheel == nullptr) << path;
    if (before.wheel) {
      expect_same(*after.wheel, *before.wheel);
    }
  }
  EXPECT_EQ(loaded->at(library.path).wheel->version().str(), "1.1.1");
  const std::vector<std::filesystem::path> vanished{kept.path};
  ASSERT_TRUE(reopened->save({}, vanished));
  EXPECT_EQ(reopened->load(2)->size(), 2U);
}

TEST_F(KnownFilesTest, ForgetsWhatWasFoundUnderOtherLimits) {
  const KnownFiles known{{"/a.whl", {{1, 2, 3, {}}, nullptr, "too large"}}};
  ASSERT_TRUE(KnownFilesDatabase::open(database(), {})->save(known, {}));
  EXPECT_EQ(KnownFilesDatabase::open(database(), {})->load(2)->size(), 1U);
  EXPECT_EQ(KnownFilesDatabase::open(database(), {.max_entries = 7})->load(2)->size(), 0U);
}

TEST_F(KnownFilesTest, LeavesOtherFilesAlone) {
  test::write_file(database(), "dear diary, this is not a database at all, whatever anybody says about it\n");
  const auto text = KnownFilesDatabase::open(database(), {});
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("not a database"));
  std::ifstream diary(database());
  std::string word;
  diary >> word;
  EXPECT_EQ(word, "dear");

  const auto other = folder_ / "other.sqlite";
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(other.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "CREATE TABLE files (precious TEXT)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  const auto foreign = KnownFilesDatabase::open(other, {});
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("another program"));
}

TEST_F(KnownFilesTest, TextThatWasNotWrittenHereGivesNoWheel) {
  const std::string good = wheel_to_json(wheel());
  const auto path = folder_ / "demo-1.0-cp313-none-any.whl";
  EXPECT_TRUE(wheel_from_json(good, path, {}));
  for (const std::string& bad : {std::string(), std::string("{}"), std::string("[]"), good.substr(1),
                                 good.substr(0, good.size() / 2)}) {
    EXPECT_FALSE(wheel_from_json(bad, path, {})) << bad;
  }
  EXPECT_FALSE(wheel_from_json(good, folder_ / "nonsense", {})) << "a file name that is no wheel's";
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
