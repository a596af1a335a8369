#include "bundle/layer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/mapped_file.hpp"
#include "bundle/layer_report.hpp"
#include "bundle/tar.hpp"
#include "bundle/untar.hpp"
#include "temporary_folder.hpp"
#include "wheelhouse/record.hpp"
#include "wheelhouse/wheel_builder.hpp"

namespace wheelbarrow::bundle {
namespace {

using test::untar;
using test::WheelBuilder;

class LayerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::Store::open({folder / "store", {}});
    ASSERT_TRUE(opened);
    store = std::move(*opened);
  }

  std::string layer_of(const std::filesystem::path& wheel, const LayerRecipe& recipe,
                       const Compile& compile = {}) {
    auto writer = store->create();
    EXPECT_TRUE(writer);
    const auto bytes = map_file(wheel);
    EXPECT_TRUE(bytes);
    const auto written = write_layer(recipe, *bytes, {}, *writer, compile);
    EXPECT_TRUE(written) << written.error().text();
    const auto blob = store->publish("layer", store::Rank::source, std::move(*writer));
    EXPECT_TRUE(blob);
    EXPECT_EQ(blob->bytes.size() % tar_block, 0U);
    return std::string(blob->bytes.text());
  }
  std::map<std::string, std::string> files_of(const std::string& layer) {
    std::map<std::string, std::string> files;
    for (auto& entry : untar(layer + std::string(tar_end_size, '\0'))) {
      files.emplace(entry.path, entry.content);
    }
    return files;
  }
  std::vector<std::string> paths_of(const std::string& layer) {
    std::vector<std::string> paths;
    for (auto& entry : untar(layer + std::string(tar_end_size, '\0'))) {
      paths.push_back(entry.path);
    }
    return paths;
  }
  std::filesystem::path write(const WheelBuilder& builder) {
    std::filesystem::create_directories(folder / "wheels");
    return builder.write(folder / "wheels");
  }

  test::TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
};

TEST_F(LayerTest, IsTheTreeThatAnInstallerLeaves) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("pack/__init__.py", "x = 1\n")
                               .file("pack-1.0.data/purelib/pure.py", "pure")
                               .file("pack-1.0.data/platlib/plat.py", "plat")
                               .file("pack-1.0.data/scripts/tool", "#!python\n")
                               .file("pack-1.0.dist-info/INSTALLER", "somebody else"));
  const auto files = files_of(layer_of(wheel, {}));
  EXPECT_EQ(files.at("pack/__init__.py"), "x = 1\n");
  EXPECT_EQ(files.at("pure.py"), "pure");
  EXPECT_EQ(files.at("plat.py"), "plat");
  EXPECT_EQ(files.at("pack-1.0.data/scripts/tool"), "#!python\n");
  EXPECT_EQ(files.at("pack-1.0.dist-info/INSTALLER"), "wheelbarrow\n");
  EXPECT_FALSE(files.contains("pack-1.0.dist-info/PYODIDE_SOURCE"));
}

TEST_F(LayerTest, WhatIsWrittenAnewIsThereOnceWhereverTheWheelHasIt) {
  const std::string hidden = "pack-1.0.data/purelib/pack-1.0.dist-info/";
  const auto wheel = write(WheelBuilder("pack")
                               .file(hidden + "INSTALLER", "somebody else")
                               .file(hidden + "direct_url.json", "{}")
                               .file(hidden + std::string(layer_report_name), "no report")
                               .file("pack/tests/test_pack.py", ""));
  LayerRecipe recipe;
  recipe.strip = *StripSet::parse("tests");
  const std::string layer = layer_of(wheel, recipe);
  auto paths = paths_of(layer);
  std::ranges::sort(paths);
  EXPECT_EQ(std::ranges::adjacent_find(paths), paths.end());
  const auto files = files_of(layer);
  EXPECT_EQ(files.at("pack-1.0.dist-info/INSTALLER"), "wheelbarrow\n");
  EXPECT_NE(files.at("pack-1.0.dist-info/" + std::string(layer_report_name)), "no report");
  EXPECT_FALSE(files.contains("pack-1.0.dist-info/direct_url.json"));
}

TEST_F(LayerTest, RecordListsExactlyWhatIsThere) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("with,comma.py", "a")
                               .file("with\"quote.py", "b")
                               .unlisted_file("forgotten.py", "c")
                               .record_line("missing.py,sha256=AAAA,1"));
  const auto files = files_of(layer_of(wheel, {}));
  std::string expected;
  for (const auto& [path, content] : files) {
    if (path == "pack-1.0.dist-info/RECORD") continue;
    std::string field = path;
    if (path == "with,comma.py") field = "\"with,comma.py\"";
    if (path == "with\"quote.py") field = "\"with\"\"quote.py\"";
    expected +=
        field + ",sha256=" + sha256(content).base64url() + "," + std::to_string(content.size()) + "\n";
  }
  EXPECT_EQ(files.at("pack-1.0.dist-info/RECORD"), expected + "pack-1.0.dist-info/RECORD,,\n");
  EXPECT_TRUE(files.contains("forgotten.py"));
}

TEST_F(LayerTest, TellsPyodideThatThePackageIsItsOwn) {
  const auto wheel = write(WheelBuilder("pack"));
  LayerRecipe recipe;
  recipe.pyodide = true;
  EXPECT_EQ(files_of(layer_of(wheel, recipe)).at("pack-1.0.dist-info/PYODIDE_SOURCE"), "pyodide");
}

TEST_F(LayerTest, ExtensionModulesStandFirstTheLargestFirst) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("a.py", "a")
                               .file("small.so", std::string(10, 's'))
                               .file("zlarge.so", std::string(1000, 'l'))
                               .file("middle.so", std::string(100, 'm')));
  EXPECT_EQ(paths_of(layer_of(wheel, {})),
            (std::vector<std::string>{"zlarge.so", "middle.so", "small.so", "pack-1.0.dist-info/INSTALLER",
                                      "pack-1.0.dist-info/METADATA", "pack-1.0.dist-info/WHEEL", "a.py",
                                      "pack.py", "pack-1.0.dist-info/RECORD"}));
}

TEST_F(LayerTest, OtherFilesStandByKindAndPath) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("b/__init__.py", "")
                               .file("b/.hidden", "")
                               .file("b.d/data", "")
                               .file("b/x.pyi", "")
                               .file("c.tar.gz", "")
                               .file("a.gz", ""));
  EXPECT_EQ(
      paths_of(layer_of(wheel, {})),
      (std::vector<std::string>{"b.d/data", "pack-1.0.dist-info/INSTALLER", "pack-1.0.dist-info/METADATA",
                                "pack-1.0.dist-info/WHEEL", "a.gz", "c.tar.gz", "b/.hidden", "b/__init__.py",
                                "pack.py", "b/x.pyi", "pack-1.0.dist-info/RECORD"}));
}

TEST_F(LayerTest, KnowsHowLargeItsModulesAre) {
  const std::string long_name(200, 'n');
  const auto wheel = write(WheelBuilder("pack")
                               .file("a.so", std::string(1000, 'a'))
                               .file(long_name + ".so", std::string(20, 'b'))
                               .file("c.so", "ccc")
                               .file("not.so.py", "no"));
  LayerRecipe recipe;
  EXPECT_EQ(modules_size(layer_of(wheel, recipe)), 1023U);
  recipe.strip = *StripSet::parse("docs");
  EXPECT_EQ(modules_size(layer_of(wheel, recipe)), 1023U);
  recipe = {};
  recipe.format = Format::wheels;
  recipe.filename = "pack-1.0-py3-none-any.whl";
  EXPECT_EQ(modules_size(layer_of(wheel, recipe)), 0U);
  EXPECT_EQ(modules_size(layer_of(write(WheelBuilder("pure")), {})), 0U);
  for (const std::string& damaged : {std::string(), std::string(tar_block, '\0'),
                                     tar_header("a.so", 1000, 0644), tar_header(long_name, 1, 0644)}) {
    EXPECT_EQ(modules_size(damaged), 0U);
  }
}

TEST_F(LayerTest, SaysWhatItLeavesOutAndKeepsRecordTrue) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("pack/__init__.py", "x = 1\n")
                               .file("pack/core.so", "code")
                               .file("pack/tests/test_x.py", "assert True\n")
                               .file("pack/tests/data.bin", std::string(100, 'd'))
                               .file("pack/x.h", "int x;"));
  LayerRecipe recipe;
  recipe.strip = *StripSet::parse("docs,tests");
  const std::string layer = layer_of(wheel, recipe);
  const auto paths = paths_of(layer);
  EXPECT_EQ(paths, (std::vector<std::string>{"pack-1.0.dist-info/wheelbarrow.json", "pack/core.so",
                                             "pack-1.0.dist-info/INSTALLER", "pack-1.0.dist-info/METADATA",
                                             "pack-1.0.dist-info/WHEEL", "pack/x.h", "pack.py",
                                             "pack/__init__.py", "pack-1.0.dist-info/RECORD"}));
  const auto report = read_layer_report(layer);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->left_out.at(StripClass::tests), (LayerReport::Count{2, 112}));
  EXPECT_EQ(report->left_out.at(StripClass::docs), LayerReport::Count());
  EXPECT_EQ(report->left_out.size(), 2U);
  const auto record = wheelhouse::parse_record(files_of(layer).at("pack-1.0.dist-info/RECORD"), 100);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->size(), paths.size());
  for (const std::string& path : paths) {
    EXPECT_TRUE(record->contains(path)) << path;
  }
}

TEST_F(LayerTest, BytecodeStandsBesideOrInsteadOfSources) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("pack/__init__.py", "good")
                               .file("pack/broken.py", "bad")
                               .file("pack/ready.pyc", "shipped")
                               .file("pack/__pycache__/__init__.cpython-313.pyc", "stale")
                               .file("pack-1.0.data/scripts/tool.py", "not a module"));
  std::vector<std::string> asked;
  const Compile compile = [&](const BytecodeRecipe&, std::span<const ModuleSource> sources) {
    std::vector<CompiledModule> modules;
    for (const ModuleSource& source : sources) {
      asked.push_back(source.filename);
      modules.push_back(source.content == "bad" ? CompiledModule{"", "no good"}
                                                : CompiledModule{"code of " + source.content, ""});
    }
    return Result<std::vector<CompiledModule>>(modules);
  };
  LayerRecipe recipe;
  recipe.pyodide = true;
  recipe.bytecode = BytecodeRecipe{BytecodeMode::beside, "3.13.2", "emscripten"};
  const std::string beside = layer_of(wheel, recipe, compile);
  const std::string root = "/lib/python3.13/site-packages/";
  EXPECT_EQ(asked,
            (std::vector<std::string>{root + "pack.py", root + "pack/__init__.py", root + "pack/broken.py"}));
  const auto files = files_of(beside);
  EXPECT_EQ(files.at("pack/__init__.py"), "good");
  EXPECT_EQ(files.at("pack/__pycache__/__init__.cpython-313.pyc"), "code of good");
  EXPECT_EQ(files.at("pack/broken.py"), "bad");
  EXPECT_FALSE(files.contains("pack/__pycache__/broken.cpython-313.pyc"));
  EXPECT_EQ(files.at("pack/ready.pyc"), "shipped");
  const std::map<std::string, std::string> broken{{"pack/broken.py", "no good"}};
  EXPECT_EQ(read_layer_report(beside)->not_compiled, broken);
  const auto record = wheelhouse::parse_record(files.at("pack-1.0.dist-info/RECORD"), 100);
  EXPECT_EQ(record->size(), files.size());

  recipe.bytecode->mode = BytecodeMode::instead;
  const auto replaced = files_of(layer_of(wheel, recipe, compile));
  EXPECT_FALSE(replaced.contains("pack/__init__.py"));
  EXPECT_EQ(replaced.at("pack/__init__.pyc"), "code of good");
  EXPECT_EQ(replaced.at("pack/broken.py"), "bad");
  EXPECT_EQ(replaced.at("pack-1.0.data/scripts/tool.py"), "not a module");
}

TEST_F(LayerTest, ASourceThatIsNamedAsAFileStays) {
  const auto wheel = write(WheelBuilder("pack")
                               .file("pack/__init__.py", "load_config('config.py')")
                               .file("pack/config.py", "paths = []"));
  const Compile compile = [](const BytecodeRecipe&, std::span<const ModuleSource> sources) {
    return Result<std::vector<CompiledModule>>(std::vector(sources.size(), CompiledModule{"code", ""}));
  };
  LayerRecipe recipe;
  recipe.bytecode = BytecodeRecipe{BytecodeMode::instead, "3.13.2", "emscripten"};
  const auto files = files_of(layer_of(wheel, recipe, compile));
  EXPECT_EQ(files.at("pack/config.py"), "paths = []");
  EXPECT_EQ(files.at("pack/__pycache__/config.cpython-313.pyc"), "code");
  EXPECT_FALSE(files.contains("pack/__init__.py"));
  EXPECT_TRUE(files.contains("pack/__init__.pyc"));
}

TEST_F(LayerTest, WhatIsLeftOutIsNotCompiled) {
  const auto wheel = write(WheelBuilder("pack").file("pack/tests/test_x.py", "left out"));
  LayerRecipe recipe;
  recipe.strip = *StripSet::parse("tests");
  recipe.bytecode = BytecodeRecipe{BytecodeMode::beside, "3.13.2", "linux"};
  const Compile compile = [&](const BytecodeRecipe&, std::span<const ModuleSource> sources) {
    EXPECT_EQ(sources.size(), 1U);
    EXPECT_EQ(sources.front().filename, "pack.py");
    return Result<std::vector<CompiledModule>>(std::vector{CompiledModule{"code", ""}});
  };
  EXPECT_EQ(files_of(layer_of(wheel, recipe, compile)).at("__pycache__/pack.cpython-313.pyc"), "code");
}

TEST_F(LayerTest, AnErrorOfTheCompilerIsTheLayers) {
  const auto wheel = write(WheelBuilder("pack"));
  LayerRecipe recipe;
  recipe.bytecode = BytecodeRecipe{BytecodeMode::beside, "3.13.2", "linux"};
  auto writer = store->create();
  ASSERT_TRUE(writer);
  const Compile compile = [](const BytecodeRecipe&, std::span<const ModuleSource>) {
    return Result<std::vector<CompiledModule>>(fail(ErrorKind::busy, "broken"));
  };
  const auto bytes = map_file(wheel);
  ASSERT_TRUE(bytes);
  const auto written = write_layer(recipe, *bytes, {}, *writer, compile);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::busy);
}

TEST_F(LayerTest, ReportIsFoundBehindALongHeader) {
  WheelBuilder builder(std::string(150, 'p'));
  LayerRecipe recipe;
  recipe.strip = *StripSet::parse("pyi");
  const auto report = read_layer_report(layer_of(write(builder), recipe));
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->left_out.size(), 1U);
}

TEST(LayerReport, OfAnotherFileIsAnError) {
  EXPECT_FALSE(read_layer_report(""));
  EXPECT_FALSE(read_layer_report(std::string(tar_block, '\0')));
  EXPECT_FALSE(read_layer_report(tar_header("x", 100, 0644) + "{}"));
  EXPECT_FALSE(read_layer_report(tar_header("x", 4, 0644) + "nope"));
  EXPECT_FALSE(read_layer_report(tar_header("x", 15, 0644) + "{\"left_out\":[]}"));
}

TEST_F(LayerTest, DoesNotDependOnHowTheWheelIsPacked) {
  WheelBuilder builder("pack");
  builder.file("a.py", std::string(5000, 'a')).file("b/c.py", "c");
  const std::string stored = layer_of(write(builder), {});
  const std::string deflated = layer_of(write(builder.deflated()), {});
  EXPECT_EQ(stored, deflated);
}

TEST_F(LayerTest, OfFormatWheelsIsTheFileItself) {
  const auto wheel = write(WheelBuilder("pack"));
  LayerRecipe recipe;
  recipe.format = Format::wheels;
  recipe.filename = wheel.filename();
  const auto files = files_of(layer_of(wheel, recipe));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.at("pack-1.0-py3-none-any.whl"), WheelBuilder("pack").bytes());
}

TEST_F(LayerTest, OfSharedLibrariesLiesBelowItsFolder) {
  const auto archive = folder / "lib.zip";
  test::write_file(archive, test::make_zip({{"libx.so", "code"}}));
  LayerRecipe recipe;
  recipe.below = "libx-1.0.data/dynlib/";
  EXPECT_EQ(paths_of(layer_of(archive, recipe)), (std::vector<std::string>{"libx-1.0.data/dynlib/libx.so"}));
}

}  // namespace
}  // namespace wheelbarrow::bundle
