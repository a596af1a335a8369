#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wheelhouse/pyodide_lock.hpp"
#include "wheelhouse/wheel_builder.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::WheelBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* platform = "pyodide_2025_0_wasm32";
constexpr const char* info =
    R"({"abi_version":"2025_0","arch":"wasm32","platform":"emscripten_4_0_9","python":"3.13.2","version":"0.28.0.dev0"})";

std::string package(const std::string& name, const std::string& file_name, const std::string& content,
                    const std::string& type = "package", const std::string& depends = "") {
  return "\"" + name + R"(":{"name":")" + name + R"(","version":"1.1.1w","file_name":")" + file_name +
         R"(","sha256":")" + sha256(content).hex() + R"(","package_type":")" + type +
         R"(","install_dir":"site",)" + R"("imports":[],"depends":[)" + depends + "]}";
}

class PyodideDistributionTest : public testing::Test {
 protected:
  PyodideDistributionTest() { fs::create_directory(pyodide_); }

  void write_lock(const std::vector<std::string>& packages, const std::string& with_info = info) {
    std::string text = R"({"info":)" + with_info + R"(,"packages":{)";
    for (std::size_t i = 0; i < packages.size(); ++i) {
      text += (i == 0 ? "" : ",") + packages[i];
    }
    test::write_file(pyodide_ / "pyodide-lock.json", text + "}}");
  }
  std::unique_ptr<Wheelhouse> open(std::vector<fs::path> folders = {}) {
    auto house = Wheelhouse::open({.folders = std::move(folders),
                                   .pyodide = pyodide_,
                                   .database = folder_ / "known.sqlite",
                                   .limits = {}});
    EXPECT_TRUE(house) << house.error().text();
    return house ? std::move(*house) : nullptr;
  }
  static std::vector<std::string> refusals(const Wheelhouse& house) {
    std::vector<std::string> lines;
    for (const Refusal& refusal : house.catalog()->refusals()) {
      lines.push_back(refusal.path.filename().string() + ": " + refusal.reason);
    }
    return lines;
  }

  TemporaryFolder folder_;
  fs::path pyodide_ = folder_ / "pyodide";
};

TEST_F(PyodideDistributionTest, TakesWhatIsThere) {
  const WheelBuilder numpy("numpy", "2.2.5", std::string("cp313-cp313-") + platform);
  numpy.write(pyodide_);
  WheelBuilder("unlisted").write(pyodide_);
  write_lock({package("numpy", numpy.filename(), numpy.bytes(), "package",
                      R"("libopenblas","Some_Name","libopenblas")"),
              package("absent", "absent-1.0-py3-none-any.whl", "")});
  const auto house = open();
  ASSERT_EQ(house->catalog()->wheels().size(), 1U);
  const Wheel& wheel = *house->catalog()->wheels()[0];
  EXPECT_EQ(wheel.name(), "numpy");
  EXPECT_EQ(wheel.kind, WheelKind::wheel);
  EXPECT_THAT(wheel.distribution_depends, ElementsAre("libopenblas", "some-name"));
  EXPECT_THAT(refusals(*house), IsEmpty());
  const auto& distribution = house->catalog()->pyodide();
  ASSERT_TRUE(distribution);
  EXPECT_EQ(distribution->folder, pyodide_);
  EXPECT_EQ(distribution->abi_version, "2025_0");
  EXPECT_THAT(distribution->lock_text, HasSubstr("\"numpy\""));
  EXPECT_EQ(distribution->target.name(), "pyodide-0.29");
  EXPECT_EQ(distribution->target.python().str(), "3.13.2");
  EXPECT_EQ(distribution->target.platforms().front(), platform);
  EXPECT_TRUE(distribution->target.rank(wheel.parsed.tags));
}

TEST_F(PyodideDistributionTest, TakesSharedLibraries) {
  using enum test::TarCompression;
  const std::string zip =
      test::make_zip({{.name = "libopenblas.so", .content = "\1asm"}, {.name = "sub/x.txt", .content = "x"}});
  const std::string tar = test::make_tar({{"./lib/libgeos.so", "geos"}}, gzip);
  const std::string empty = test::make_zip({{.name = "README", .content = "nothing"}});
  test::write_file(pyodide_ / "libopenblas-0.3.26.zip", zip);
  test::write_file(pyodide_ / "libgeos.tar.gz", tar);
  test::write_file(pyodide_ / "tests.tar", test::make_tar({{"t.py", ""}}, none));
  test::write_file(pyodide_ / "hollow.zip", empty);
  test::make_older(pyodide_ / "libopenblas-0.3.26.zip", 1);
  test::make_older(pyodide_ / "libgeos.tar.gz", 1);
  test::make_older(pyodide_ / "hollow.zip", 1);
  write_lock({package("libopenblas", "libopenblas-0.3.26.zip", zip, "shared_library"),
              package("libgeos", "libgeos.tar.gz", tar, "cpython_module", R"("libopenblas")"),
              package("numpy-tests", "tests.tar", ""),
              package("hollow", "hollow.zip", empty, "shared_library")});
  for (const std::size_t expected_reads : {3U, 0U}) {  // at first, and from the database
    const auto house = open();
    EXPECT_EQ(house->last_scan().read, expected_reads);
    ASSERT_EQ(house->catalog()->wheels().size(), 2U);
    const Wheel& geos = *house->catalog()->wheels()[0];
    const Wheel& blas = *house->catalog()->wheels()[1];
    EXPECT_EQ(blas.kind, WheelKind::shared_library);
    EXPECT_EQ(blas.name(), "libopenblas");
    EXPECT_EQ(blas.version().str(), "1.1.1") << "the part of 1.1.1w that PEP 440 knows";
    EXPECT_EQ(blas.filename, "libopenblas-0.3.26.zip");
    EXPECT_EQ(blas.sha256, sha256(zip));
    EXPECT_EQ(blas.file_count, 2U);
    EXPECT_EQ(blas.unpacked_size, 5U);
    EXPECT_THAT(blas.extension_modules, ElementsAre("libopenblas.so"));
    EXPECT_TRUE(house->catalog()->pyodide()->target.rank(blas.parsed.tags));
    EXPECT_THAT(geos.extension_modules, ElementsAre("lib/libgeos.so"));
    EXPECT_THAT(geos.distribution_depends, ElementsAre("libopenblas"));
    EXPECT_THAT(refusals(*house), ElementsAre("hollow.zip: holds no shared library (.so)"));
  }
}

TEST_F(PyodideDistributionTest, RefusesWhatTheLockContradicts) {
  const WheelBuilder demo("demo");
  demo.write(pyodide_);
  write_lock({package("demo", demo.filename(), "other bytes")});
  const auto house = open();
  EXPECT_THAT(house->catalog()->wheels(), IsEmpty());
  EXPECT_THAT(refusals(*house),
              ElementsAre(HasSubstr("pyodide-lock.json says " + sha256("other bytes").hex())));
}

TEST_F(PyodideDistributionTest, CompletesEqualWheelsFromOtherFolders) {
  const auto wheels = folder_ / "wheels";
  fs::create_directory(wheels);
  const WheelBuilder same("same");
  const WheelBuilder changed("changed");
  same.write(wheels);
  changed.write(wheels);
  write_lock({package("same", same.filename(), same.bytes(), "package", R"("needed")"),
              package("changed", changed.filename(), "other bytes", "package", R"("needed")")});
  const auto house = open({wheels});
  ASSERT_EQ(house->catalog()->wheels().size(), 2U);
  EXPECT_THAT(house->catalog()->project("same")[0]->distribution_depends, ElementsAre("needed"));
  EXPECT_THAT(house->catalog()->project("changed")[0]->distribution_depends, IsEmpty());
  EXPECT_THAT(refusals(*house), IsEmpty());
}

TEST_F(PyodideDistributionTest, TheSameFolderMayBeGivenTwice) {
  const WheelBuilder demo("demo");
  demo.write(pyodide_);
  write_lock({package("demo", demo.filename(), demo.bytes(), "package", R"("needed")")});
  const auto house = open({pyodide_});
  ASSERT_EQ(house->catalog()->wheels().size(), 1U);
  EXPECT_EQ(house->last_scan().read, 1U);
  EXPECT_THAT(house->catalog()->wheels()[0]->distribution_depends, ElementsAre("needed"));
}

TEST_F(PyodideDistributionTest, FollowsChangesOfTheLock) {
  const WheelBuilder demo("demo");
  demo.write(pyodide_);
  write_lock({package("demo", demo.filename(), demo.bytes())});
  const auto house = open();
  const Sha256 id = house->catalog()->id();
  write_lock({package("demo", demo.filename(), demo.bytes(), "package", R"("needed")")});
  EXPECT_TRUE(house->rescan().value());
  EXPECT_EQ(house->last_scan().read, 0U);
  EXPECT_THAT(house->catalog()->wheels()[0]->distribution_depends, ElementsAre("needed"));
  EXPECT_NE(house->catalog()->id(), id);
  test::write_file(pyodide_ / "pyodide-lock.json", "{");
  EXPECT_TRUE(house->rescan().value());
  EXPECT_THAT(house->catalog()->wheels()[0]->distribution_depends, ElementsAre("needed"));
  EXPECT_THAT(refusals(*house), ElementsAre(HasSubstr("what it said before holds on")));
}

struct TargetCase {
  const char* info;
  const char* name;
  const char* python;
  const char* first_platform;
};

TEST_F(PyodideDistributionTest, ChoosesTheTargetFromInfo) {
  const std::vector<TargetCase> cases{
      {R"({"abi_version":"2025_0","platform":"emscripten_4_0_9","python":"3.13.9"})", "pyodide-0.29",
       "3.13.9", "pyodide_2025_0_wasm32"},
      {R"({"abi_version":"2024_0","platform":"emscripten_3_1_58","python":"3.12.7"})", "pyodide-0.27",
       "3.12.7", "pyodide_2024_0_wasm32"},
      {R"({"platform":"emscripten_3_1_46","python":"3.11.3","arch":"wasm32"})", "pyodide-0.25", "3.11.3",
       "emscripten_3_1_46_wasm32"},
      {R"({"abi_version":"2026_0","platform":"emscripten_5_0_3","python":"3.14.2"})", "pyodide-314", "3.14.2",
       "pyemscripten_2026_0_wasm32"},
      {R"({"abi_version":"2099_0","platform":"emscripten_9_0_0","python":"3.20.1"})", "pyodide-2099_0",
       "3.20.1", "pyodide_2099_0_wasm32"},
      {R"({"abi_version":"2025_0","platform":"emscripten_4_0_9","python":"3.20.1"})", "pyodide-2025_0",
       "3.20.1", "pyodide_2025_0_wasm32"},
  };
  for (const TargetCase& each : cases) {
    write_lock({}, each.info);
    const auto lock = read_pyodide_lock(pyodide_);
    ASSERT_TRUE(lock) << each.info << ": " << lock.error().text();
    EXPECT_EQ(lock->distribution.target.name(), each.name) << each.info;
    EXPECT_EQ(lock->distribution.target.python().str(), each.python) << each.info;
    EXPECT_EQ(lock->distribution.target.platforms().front(), each.first_platform) << each.info;
  }
}

TEST_F(PyodideDistributionTest, LeavesOutPackagesThatTheLockGetsWrong) {
  const std::string digest = sha256("").hex();
  const std::vector<std::pair<std::string, const char*>> cases{
      {R"("x":5)", "is not an object"},
      {R"("x":{})", "has no file_name"},
      {R"("x":{"file_name":".."})", "unsafe file_name"},
      {R"("x":{"file_name":"a\\b.whl"})", "unsafe file_name"},
      {R"("x":{"file_name":"x.whl","name":"-"})", "no valid name"},
      {R"("x":{"file_name":"x.whl","name":"x","sha256":"12"})", "no valid sha256"},
      {R"("x":{"file_name":"x.whl","name":"x","sha256":")" + digest + R"(","depends":"y"})", "not a list"},
      {R"("x":{"file_name":"x.whl","name":"x","sha256":")" + digest + R"(","depends":[1]})", "not a name"},
  };
  for (const auto& [text, phrase] : cases) {
    write_lock({text, package("good", "good.whl", "")});
    const auto lock = read_pyodide_lock(pyodide_);
    ASSERT_TRUE(lock) << text << ": " << lock.error().text();
    EXPECT_THAT(lock->faults, ElementsAre(HasSubstr(phrase))) << text;
    EXPECT_EQ(lock->packages.size(), 1U) << text;
  }
  write_lock({R"("far":{"file_name":"https://example.org/x.whl"})", R"("up":{"file_name":"../x.whl"})"});
  const auto lock = read_pyodide_lock(pyodide_);
  ASSERT_TRUE(lock);
  EXPECT_THAT(lock->faults, IsEmpty());
  EXPECT_THAT(lock->packages, IsEmpty());
}

TEST_F(PyodideDistributionTest, FailsWhereTheLockIsNone) {
  const std::vector<std::pair<std::string, const char*>> cases{
      {"", "is not JSON"},
      {"{", "is not JSON"},
      {std::string(100'000, '['), "is not JSON"},
      {"{\"info\":\"\xff\"}", "is not JSON"},
      {"[]", "is not a JSON object"},
      {"{}", "lacks the objects info and packages"},
      {R"({"info":{},"packages":[]})", "lacks the objects info and packages"},
      {R"({"info":{},"packages":{}})", "info lacks python"},
      {R"({"info":{"python":"3.13.2"},"packages":{}})", "info lacks python"},
      {R"({"info":{"python":"three","abi_version":"2025_0"},"packages":{}})", "info.python"},
      {R"({"info":{"python":"3.13.2","abi_version":"2025-0/.."},"packages":{}})", "not a plain word"},
      {std::string((32U << 20U) + 1, ' '), "larger than 32 MiB"},
  };
  for (const auto& [text, phrase] : cases) {
    test::write_file(pyodide_ / "pyodide-lock.json", text);
    const auto house = Wheelhouse::open({.folders = {}, .pyodide = pyodide_, .database = {}, .limits = {}});
    ASSERT_FALSE(house) << text.substr(0, 100);
    EXPECT_EQ(house.error().kind, ErrorKind::invalid_input) << text.substr(0, 100);
    EXPECT_THAT(house.error().text(), HasSubstr(phrase)) << text.substr(0, 100);
    EXPECT_THAT(house.error().text(), HasSubstr("pyodide-lock.json")) << text.substr(0, 100);
  }
  fs::remove(pyodide_ / "pyodide-lock.json");
  EXPECT_FALSE(Wheelhouse::open({.folders = {}, .pyodide = pyodide_, .database = {}, .limits = {}}));
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
