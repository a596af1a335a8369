#include "bundle/library_zip.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "temporary_folder.hpp"
#include "wheelhouse/zip_writer.hpp"

namespace wheelbarrow::bundle {
namespace {

class LibraryZipTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::Store::open({folder / "store", {}});
    ASSERT_TRUE(opened);
    store = std::move(*opened);
  }

  // "path=content" of each file in the order of the archive, or what is wrong; a module compiles to its name
  // for a traceback, one that says "wrong" doesn't.
  std::vector<std::string> library(const std::string& zip, BytecodeMode mode) {
    const Compile compile = [](const BytecodeRecipe&, std::span<const ModuleSource> sources) {
      std::vector<CompiledModule> compiled;
      for (const ModuleSource& source : sources) {
        const bool wrong = source.content == "wrong";
        compiled.push_back({wrong ? "" : "compiled " + source.filename, wrong ? "a reason" : ""});
      }
      return Result<std::vector<CompiledModule>>(std::move(compiled));
    };
    auto writer = store->create();
    EXPECT_TRUE(writer);
    const auto written = write_library(Slice::of(zip), {mode, "3.13.2", "emscripten"}, {}, *writer, compile);
    if (!written) return {written.error().text()};
    const auto blob = store->publish("library", store::Rank::spare, std::move(*writer));
    EXPECT_TRUE(blob);
    bytes = std::string(blob->bytes.text());
    std::vector<std::string> files;
    const auto read = wheelhouse::for_each_file(
        blob->bytes, "library", {}, [&](const wheelhouse::WheelFile& file) -> Result<void> {
          files.push_back(
              std::string(file.path) + '=' +
              std::string(reinterpret_cast<const char*>(file.content.data()), file.content.size()));
          return {};
        });
    EXPECT_TRUE(read) << read.error().text();
    return files;
  }

  std::string input() {
    return test::make_zip({{"pkg/__init__.py", "init", true},
                           {"data.txt", "data"},
                           {"pkg/bad.py", "wrong"},
                           {"a.py", "a"},
                           {"odd-name.py", "odd"}});
  }

  test::TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
  std::string bytes;
};

TEST_F(LibraryZipTest, HasBytecodeInsteadOfSources) {
  EXPECT_EQ(library(input(), BytecodeMode::instead),
            (std::vector<std::string>{"pkg/bad.py=wrong", "a.pyc=compiled /lib/python313.zip/a.py",
                                      "odd-name.pyc=compiled /lib/python313.zip/odd-name.py",
                                      "pkg/__init__.pyc=compiled /lib/python313.zip/pkg/__init__.py",
                                      "data.txt=data"}));
}

TEST_F(LibraryZipTest, HasBytecodeBesideSources) {
  EXPECT_EQ(
      library(input(), BytecodeMode::beside),
      (std::vector<std::string>{
          "a.py=a", "odd-name.py=odd", "pkg/__init__.py=init", "pkg/bad.py=wrong",
          "a.pyc=compiled /lib/python313.zip/a.py", "odd-name.pyc=compiled /lib/python313.zip/odd-name.py",
          "pkg/__init__.pyc=compiled /lib/python313.zip/pkg/__init__.py", "data.txt=data"}));
}

// Every server gives it the same name, which is a hash.
TEST_F(LibraryZipTest, IsTheSameEachTime) {
  library(input(), BytecodeMode::instead);
  const std::string first = bytes;
  library(input(), BytecodeMode::instead);
  EXPECT_EQ(bytes, first);
  EXPECT_NE(bytes.find("pkg/"), std::string::npos);  // the folder's own entry, for namespace packages
}

TEST_F(LibraryZipTest, SaysWhatIsWrong) {
  EXPECT_EQ(library(input().substr(0, 60), BytecodeMode::instead).size(), 1U);
  EXPECT_NE(library("no zip file", BytecodeMode::instead).at(0).find("python_stdlib.zip"), std::string::npos);
}

}  // namespace
}  // namespace wheelbarrow::bundle
