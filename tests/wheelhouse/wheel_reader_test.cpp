#include "wheelhouse/wheel_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "base/mapped_file.hpp"
#include "wheelhouse/damaged_wheels.hpp"
#include "wheelhouse/wheel_builder.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

using test::TemporaryFolder;
using test::WheelBuilder;
using test::ZipFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WheelReaderTest : public testing::Test {
 protected:
  Result<Wheel> read(const WheelBuilder& wheel, const WheelLimits& limits = {}) {
    return read_wheel(wheel.write(folder_.path()), limits);
  }
  Result<Wheel> read_zip(const std::string& filename, const std::string& bytes,
                         const WheelLimits& limits = {}) {
    test::write_file(folder_ / filename, bytes);
    return read_wheel(folder_ / filename, limits);
  }
  std::map<std::string, std::string> contents(const std::filesystem::path& path,
                                              const WheelLimits& limits = {}) {
    std::map<std::string, std::string> files;
    const auto bytes = map_file(path);
    EXPECT_TRUE(bytes);
    const auto done =
        for_each_file(*bytes, path.filename(), limits, [&](const WheelFile& file) -> Result<void> {
          files.emplace(file.path,
                        std::string(reinterpret_cast<const char*>(file.content.data()), file.content.size()));
          return {};
        });
    if (!done) {
      files.emplace("error", done.error().text());
    }
    return files;
  }

  TemporaryFolder folder_;
};

TEST_F(WheelReaderTest, TellsEverythingAboutAGoodWheel) {
  WheelBuilder builder("Demo_Pkg", "1.2.post3", "cp313-cp313-pyodide_2025_0_wasm32");
  builder.metadata_line("Requires-Dist: numpy >= 2")
      .metadata_line("Summary: a demonstration")
      .file("demo/__init__.py", "")
      .file("demo/fast.cpython-313-wasm32-emscripten.so", "\0asm")
      .file("Demo_Pkg-1.2.post3.data/platlib/extra/slow.so", "\0asm")
      .file("Demo_Pkg-1.2.post3.data/scripts/demo", "#!python\n")
      .deflated();
  const auto path = builder.write(folder_.path());
  const auto wheel = read_wheel(path);
  ASSERT_TRUE(wheel) << wheel.error().text();
  EXPECT_EQ(wheel->kind, WheelKind::wheel);
  EXPECT_EQ(wheel->path, path);
  EXPECT_EQ(wheel->filename, "Demo_Pkg-1.2.post3-cp313-cp313-pyodide_2025_0_wasm32.whl");
  EXPECT_EQ(wheel->sha256, sha256(builder.bytes()));
  EXPECT_EQ(wheel->size, builder.bytes().size());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(wheel->modified, status.st_mtime);
  EXPECT_EQ(wheel->name(), "demo-pkg");
  EXPECT_EQ(wheel->version().str(), "1.2.post3");
  EXPECT_EQ(wheel->metadata.name, "Demo_Pkg");
  EXPECT_EQ(wheel->metadata.summary, "a demonstration");
  ASSERT_EQ(wheel->metadata.requires_dist.size(), 1U);
  EXPECT_EQ(wheel->metadata.requires_dist.front().name, "numpy");
  EXPECT_THAT(wheel->metadata_text, HasSubstr("Requires-Dist: numpy >= 2\n"));
  EXPECT_EQ(wheel->file_count, 8U);
  EXPECT_THAT(wheel->extension_modules,
              ElementsAre("demo/fast.cpython-313-wasm32-emscripten.so", "extra/slow.so"));
  EXPECT_THAT(wheel->imports, ElementsAre("Demo_Pkg", "demo", "extra"));
  EXPECT_THAT(wheel->warnings, IsEmpty());
  std::uint64_t unpacked = 0;
  for (const ZipFile& file : builder.files()) {
    unpacked += file.content.size();
  }
  EXPECT_EQ(wheel->unpacked_size, unpacked);
}

TEST_F(WheelReaderTest, RefusesEveryKindOfDamage) {
  const auto wheels = test::damaged_wheels();
  EXPECT_GE(wheels.size(), 30U);
  std::set<std::string> kinds;
  for (const test::DamagedWheel& damaged : wheels) {
    SCOPED_TRACE(damaged.filename);
    EXPECT_TRUE(kinds.insert(damaged.filename).second) << "two kinds of one name";
    const auto wheel = read_zip(damaged.filename, damaged.bytes);
    ASSERT_FALSE(wheel) << "was accepted; expected: " << damaged.expected;
    EXPECT_THAT(wheel.error().message, HasSubstr(damaged.expected));
    EXPECT_EQ(wheel.error().where, (folder_ / damaged.filename).string());
    EXPECT_THAT(wheel.error().kind, testing::AnyOf(ErrorKind::corrupt, ErrorKind::limit));
  }
}

// Every prefix of a wheel, and every wheel with one byte changed, is refused or read, but never worse.
TEST_F(WheelReaderTest, SurvivesArbitraryDamage) {
  const WheelBuilder builder = WheelBuilder("demo").deflated();
  const std::string good = builder.bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_zip(builder.filename(), good.substr(0, size))) << size << " bytes";
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      std::string bad = good;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ flip);
      const auto wheel = read_zip(builder.filename(), bad);
      if (wheel) {
        EXPECT_EQ(wheel->file_count, 4U) << "byte " << at << " changed by " << flip;
      } else {
        EXPECT_FALSE(wheel.error().message.empty()) << "byte " << at;
      }
    }
  }
}

struct Tolerated {
  const char* name;
  WheelBuilder wheel;
  std::vector<std::string> warnings;
};

TEST_F(WheelReaderTest, ToleratesWhatRealWheelsHave) {
  const std::string record_row = "x.py," + test::record_hash("x = 1\n");
  const std::vector<Tolerated> cases{
      {"byte-compiled: RECORD lists sources, the archive has bytecode",
       WheelBuilder("demo")
           .record_line("a.py,,")
           .record_line("b.py,,")
           .unlisted_file("a.pyc", "")
           .unlisted_file("b.pyc", ""),
       {"RECORD lists 2 files that are not in the archive",
        "2 files of the archive are not listed in RECORD"}},
      {"one of each",
       WheelBuilder("demo").record_line("a.py,,").unlisted_file("a.pyc", ""),
       {"RECORD lists 1 file that is not in the archive", "1 file of the archive is not listed in RECORD"}},
      {"a row without a hash",
       WheelBuilder("demo").unlisted_file("a.pyc", "").record_line("a.pyc,,"),
       {"RECORD has no hash for 1 file"}},
      {"signatures need no row",
       WheelBuilder("demo").unlisted_file("demo-1.0.dist-info/RECORD.jws", "{}"),
       {}},
      {"narrowed by byte-compilation",
       WheelBuilder("demo", "1.0", "cp313-none-any").wheel_text("Wheel-Version: 1.0\nTag: py3-none-any\n"),
       {}},
      {"compressed tags",
       WheelBuilder("demo", "1.0", "py2.py3-none-any")
           .wheel_text("Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n"),
       {}},
      {"a tag too many in the file name",
       WheelBuilder("demo", "1.0", "py2.py3-none-any").wheel_text("Wheel-Version: 1.0\nTag: py3-none-any\n"),
       {"the file name's tag py2-none-any is not among those that WHEEL lists"}},
      {"a tag too many in WHEEL",
       WheelBuilder("demo").wheel_text("Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n"),
       {"WHEEL lists the tag py2-none-any, which the file name does not have"}},
      {"no tags", WheelBuilder("demo").wheel_text("Wheel-Version: 1.0\n"), {"WHEEL lists no tags"}},
      {"a minor version to come",
       WheelBuilder("demo").wheel_text("Wheel-Version: 1.9\nTag: py3-none-any\n"),
       {"WHEEL has Wheel-Version 1.9, newer than 1.0"}},
      {"a version of the metadata to come",
       WheelBuilder("demo").metadata("Metadata-Version: 2.9\nName: demo\nVersion: 1.0\n"),
       {"METADATA has Metadata-Version 2.9, newer than 2.4"}},
      {"names and versions spelled otherwise",
       WheelBuilder("Demo_Pkg", "1.0.0")
           .dist_info("demo.pkg-1.0.dist-info")
           .metadata("Metadata-Version: 2.1\nName: demo-PKG\nVersion: v1.0\n"),
       {}},
      {"a local version", WheelBuilder("demo", "1.0+ubuntu_1"), {}},
      {"folders of their own", WheelBuilder("demo").unlisted_file("pkg/", "").file("pkg/a.py", ""), {}},
      {"a comma in a name",
       WheelBuilder("demo")
           .unlisted_file("a,b.txt", "x")
           .record_line("\"a,b.txt\"," + test::record_hash("x")),
       {}},
      {"a name that is not ASCII", WheelBuilder("demo").file("caf\xc3\xa9.txt", "x"), {}},
      {"a list of files as setuptools once wrote it",
       WheelBuilder("demo").unlisted_file("x.py", "x = 1\n").record_line(record_row + "\r"),
       {}},
  };
  for (const Tolerated& each : cases) {
    const auto wheel = read(each.wheel);
    ASSERT_TRUE(wheel) << each.name << ": " << wheel.error().text();
    EXPECT_EQ(wheel->warnings, each.warnings) << each.name;
  }
}

TEST_F(WheelReaderTest, AcceptsEveryHashThatPep427Allows) {
  // Digests of "abc"; see RecordTest.
  for (const char* hash :
       {"sha256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
        "sha384=ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP_W-2AhgcroefMI1i67KE0yCWn",
        "sha512=3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05ohkpkqJ0_BqDa6PCOj_uu9RU1EI2Q86A4qmslPpUyk"
        "nw"}) {
    const std::string line = std::string("abc.txt,") + hash + ",3";
    const auto good = read(WheelBuilder("demo").unlisted_file("abc.txt", "abc").record_line(line));
    EXPECT_TRUE(good) << hash << ": " << good.error().text();
    const auto bad = read(WheelBuilder("demo").unlisted_file("abc.txt", "abd").record_line(line));
    ASSERT_FALSE(bad) << hash;
    EXPECT_THAT(bad.error().message, HasSubstr("abc.txt: its hash")) << hash;
  }
}

TEST_F(WheelReaderTest, ReadsEveryFormOfZip) {
  const WheelBuilder builder("demo");
  auto with_descriptors = WheelBuilder("demo").deflated().files();
  for (ZipFile& file : with_descriptors) {
    file.descriptor = true;
  }
  const std::vector<std::pair<const char*, std::string>> forms{
      {"stored", builder.bytes()},
      {"deflated", WheelBuilder("demo").deflated().bytes()},
      {"data descriptors", test::make_zip(with_descriptors)},
      {"comment", test::make_zip(builder.files(), {.comment = "made for a test"})},
      {"zip64", test::make_zip(builder.files(), {.zip64 = true})},
  };
  for (const auto& [form, bytes] : forms) {
    const auto wheel = read_zip(builder.filename(), bytes);
    ASSERT_TRUE(wheel) << form << ": " << wheel.error().text();
    EXPECT_EQ(wheel->file_count, 4U) << form;
    EXPECT_EQ(contents(folder_ / builder.filename()).at("demo.py"), "answer = 42\n") << form;
  }
}

TEST_F(WheelReaderTest, ReadsTenThousandEntries) {
  WheelBuilder builder("large");
  for (int i = 0; i < 10'000; ++i) {
    builder.file("large_pkg/part" + std::to_string(i % 100) + "/m" + std::to_string(i) + ".py", "x = 1\n");
  }
  const auto start = std::chrono::steady_clock::now();
  const auto wheel = read(builder);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(wheel) << wheel.error().text();
  EXPECT_EQ(wheel->file_count, 10'004U);
  EXPECT_THAT(wheel->imports, ElementsAre("large", "large_pkg"));
  EXPECT_LT(taken.count(), 30) << "seconds, far above what any build should take";
  EXPECT_FALSE(read(builder, {.max_entries = 10'000}));
}

TEST_F(WheelReaderTest, HoldsItsLimits) {
  WheelBuilder builder("demo");
  builder.file("big.bin", std::string(100'000, 'x')).deflated();
  struct Case {
    const char* name;
    WheelLimits limits;
    const char* phrase;
  };
  const std::vector<Case> cases{
      {"entries", {.max_entries = 4}, "has 5 entries, more than the limit of 4"},
      {"unpacked size", {.max_unpacked_size = 100'000}, "unpacks to more than the limit of 100000 bytes"},
      {"entry size", {.max_entry_size = 99'999}, "big.bin: unpacks to 100000 bytes"},
      {"metadata size",
       {.max_metadata_size = 20},
       "demo-1.0.dist-info/METADATA: is larger than the limit of 20"},
  };
  for (const Case& each : cases) {
    const auto wheel = read(builder, each.limits);
    ASSERT_FALSE(wheel) << each.name;
    EXPECT_EQ(wheel.error().kind, ErrorKind::limit) << each.name;
    EXPECT_THAT(wheel.error().message, HasSubstr(each.phrase)) << each.name;
  }
  const WheelLimits enough{
      .max_entries = 5, .max_unpacked_size = 110'000, .max_entry_size = 100'000, .max_metadata_size = 100};
  EXPECT_TRUE(read(builder, enough));
}

// A megabyte that unpacks to a gigabyte, honest or not about it, costs neither the time nor the memory.
TEST_F(WheelReaderTest, RefusesABombQuickly) {
  constexpr std::uint64_t gigabyte = 1ULL << 30;
  const WheelBuilder builder("bomb");
  auto files = builder.files();
  files.front().method = 8;
  files.front().raw_data = test::deflated_zeros(gigabyte);
  for (const std::uint32_t promised : {static_cast<std::uint32_t>(gigabyte), 1000U}) {
    files.front().size = promised;
    const std::string bytes = test::make_zip(files);
    EXPECT_LT(bytes.size(), 2U << 20U);
    test::write_file(folder_ / builder.filename(), bytes);
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    const auto start = std::chrono::steady_clock::now();
    const auto wheel = read_wheel(folder_ / builder.filename());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    ASSERT_FALSE(wheel) << promised;
    EXPECT_LT(taken.count(), 1) << promised;
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 50'000) << "KiB, with " << promised << " bytes promised";
    EXPECT_FALSE(contents(folder_ / builder.filename()).at("error").empty()) << promised;
  }
}

TEST_F(WheelReaderTest, NeverBlocksOnWhatIsNoFile) {
  const auto path = folder_ / "pipe-1.0-py3-none-any.whl";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto wheel = read_wheel(path);
  ASSERT_FALSE(wheel);
  EXPECT_THAT(wheel.error().message, HasSubstr("not a regular file"));
  EXPECT_EQ(read_wheel(folder_ / "absent-1.0-py3-none-any.whl").error().kind, ErrorKind::not_found);
}

TEST_F(WheelReaderTest, HandsOutFilesInArchiveOrder) {
  WheelBuilder builder("demo");
  builder.file("z.py", "z").file("demo-1.0.data/purelib/a.py", "a").unlisted_file("folder/", "").deflated();
  builder.write(folder_.path());
  // As in a content-addressed store: no suffix.
  const auto blob = folder_ / "blob";
  std::filesystem::rename(folder_ / builder.filename(), blob);
  std::vector<std::string> paths;
  const auto bytes = map_file(blob);
  ASSERT_TRUE(bytes);
  const auto done = for_each_file(*bytes, "blob", {}, [&](const WheelFile& file) -> Result<void> {
    paths.emplace_back(file.path);
    return {};
  });
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_THAT(paths,
              ElementsAre("demo.py", "z.py", "demo-1.0.data/purelib/a.py", "demo-1.0.dist-info/METADATA",
                          "demo-1.0.dist-info/WHEEL", "demo-1.0.dist-info/RECORD"));
  EXPECT_EQ(contents(blob).at("z.py"), "z");
}

TEST_F(WheelReaderTest, StopsWhenTheSinkFails) {
  const auto path = WheelBuilder("demo").write(folder_.path());
  int calls = 0;
  const auto bytes = map_file(path);
  ASSERT_TRUE(bytes);
  const auto done = for_each_file(*bytes, "demo", {}, [&](const WheelFile&) -> Result<void> {
    ++calls;
    return fail(ErrorKind::cancelled, "enough");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(calls, 1);
}

TEST_F(WheelReaderTest, HandsOutFilesOfTarArchives) {
  using enum test::TarCompression;
  for (const auto compression : {none, gzip, bzip2, xz}) {
    const auto path = folder_ / "library";
    test::write_file(path, test::make_tar({{"./", ""}, {"./lib/x.so", "x"}, {"y.so", "yy"}}, compression));
    EXPECT_THAT(contents(path), ElementsAre(testing::Pair("lib/x.so", "x"), testing::Pair("y.so", "yy")))
        << static_cast<int>(compression);
  }
  const auto path = folder_ / "library";
  test::write_file(path, test::make_tar({{"../x.so", "x"}}, none));
  EXPECT_THAT(contents(path).at("error"), HasSubstr("leaves the archive's root"));
  test::write_file(path, test::make_tar({{"x.so", "x"}}, gzip, "y.so"));
  EXPECT_THAT(contents(path).at("error"), HasSubstr("y.so: is a link"));
  test::write_file(path, test::make_tar({{"x.so", std::string(1 << 20, 'x')}}, xz));
  EXPECT_THAT(contents(path, {.max_entry_size = 1 << 19}).at("error"), HasSubstr("more than the limit"));
  EXPECT_THAT(contents(path, {.max_unpacked_size = 1 << 19}).at("error"), HasSubstr("more than the limit"));
  test::write_file(path, "neither of them");
  EXPECT_THAT(contents(path).at("error"), HasSubstr("neither a zip nor a tar"));
}

TEST(InstalledPathTest, FollowsPep427) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"demo.py", "demo.py"},
      {"pkg/mod.py", "pkg/mod.py"},
      {"demo-1.0.data/purelib/pkg/mod.py", "pkg/mod.py"},
      {"demo-1.0.data/platlib/pkg/mod.so", "pkg/mod.so"},
      {"demo-1.0.data/purelib/demo-1.0.data/purelib/x", "demo-1.0.data/purelib/x"},
      {"demo-1.0.data/scripts/run", "demo-1.0.data/scripts/run"},
      {"demo-1.0.data/headers/x.h", "demo-1.0.data/headers/x.h"},
      {"demo-1.0.data/data/share/x", "demo-1.0.data/data/share/x"},
      {"demo-1.0.data/purelibrary/x", "demo-1.0.data/purelibrary/x"},
      {"demo-1.0.data/purelib/", "demo-1.0.data/purelib/"},
      {"demo-1.0.data", "demo-1.0.data"},
      {"pkg/demo-1.0.data/purelib/x", "pkg/demo-1.0.data/purelib/x"},
      {"demo-1.0.dist-info/METADATA", "demo-1.0.dist-info/METADATA"},
  };
  for (const auto& [entry, installed] : cases) {
    EXPECT_EQ(installed_path(entry), installed) << entry;
  }
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
