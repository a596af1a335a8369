#include "bundle/trim.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace wheelbarrow::bundle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Files = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> left_out(std::string_view classes, const Files& files) {
  const auto set = StripSet::parse(classes);
  EXPECT_TRUE(set);
  Trim trim(*set);
  for (const auto& [path, content] : files) {
    trim.see(path, content);
  }
  std::vector<std::string> paths;
  for (const auto& [path, kind] : trim.left_out()) {
    paths.push_back(path + " " + std::string(name_of(kind)));
  }
  return paths;
}

TEST(StripSet, HasNoOrder) {
  EXPECT_EQ(StripSet::parse("docs,tests")->text(), "tests,docs");
  EXPECT_EQ(StripSet::parse("tests,,docs,tests")->text(), "tests,docs");
  EXPECT_TRUE(StripSet::parse("")->empty());
  StripSet both = *StripSet::parse("docs");
  both.add(*StripSet::parse("tests"));
  EXPECT_EQ(both, *StripSet::parse("tests,docs"));
}

TEST(StripSet, RefusesUnknownNamesWithTheKnown) {
  for (const char* names : {"test", "tests,all", "tests docs", "TESTS"}) {
    const auto set = StripSet::parse(names);
    ASSERT_FALSE(set) << names;
    for (const StripClassText& kind : strip_classes()) {
      EXPECT_THAT(set.error().message, testing::HasSubstr(std::string(kind.name))) << names;
    }
  }
}

// Each folder and each suite is looked through once, or this takes minutes.
TEST(Trim, TakesItsTimeByTheFiles) {
  constexpr int many = 20'000;
  Files files{{"a/__init__.py", ""}};
  for (int i = 0; i < many; ++i) {
    const std::string number = std::to_string(many - i);
    files.emplace_back("a/docs/" + number + ".md", "");
    files.emplace_back("a/s" + number + "/tests/test_a.py",
                       "import a.s" + std::to_string(many - i + 1) + ".tests");
  }
  files.emplace_back("a/b.py", "import a.s1.tests");
  const auto out = left_out("tests,docs", files);
  EXPECT_EQ(out.size(), std::size_t{many}) << "each suite is imported by the one before, the first by code";
  EXPECT_EQ(out.front(), "a/docs/1.md docs");
}

TEST(Trim, LeavesNothingOutUnasked) {
  EXPECT_THAT(left_out("", {{"a/tests/test_a.py", ""}, {"a/a.pyi", ""}, {"a/a.py", ""}, {"README", ""}}),
              IsEmpty());
}

TEST(Trim, TestsAreFoldersWithTestModules) {
  EXPECT_THAT(left_out("tests", {{"a/__init__.py", ""},
                                 {"a/tests/__init__.py", ""},
                                 {"a/tests/data/x.json", ""},
                                 {"a/tests/test_a.py", "from a.tests.data import x"},
                                 {"a/b/test/b_test.py", ""},
                                 {"a/conftest.py", ""}}),
              ElementsAre("a/b/test/b_test.py tests", "a/conftest.py tests", "a/tests/__init__.py tests",
                          "a/tests/data/x.json tests", "a/tests/test_a.py tests"));
}

TEST(Trim, WhatOnlyLooksLikeTestsStays) {
  EXPECT_THAT(left_out("tests", {{"numpy/testing/__init__.py", ""},
                                 {"jinja2/tests.py", ""},
                                 {"aiohttp/test_utils.py", ""},
                                 {"django/test/client.py", ""},
                                 {"test/test_a.py", ""},
                                 {"conftest.py", ""},
                                 {"a/tests/_speed.cpython-313.so", ""},
                                 {"a/tests/LICENSE.txt", ""},
                                 {"a-1.0.dist-info/tests/test_a.py", ""}}),
              IsEmpty());
}

TEST(Trim, TestsThatThePackageImportsStay) {
  const std::pair<std::string, std::string> suites[] = {
      {"a/__init__.py", "from .tests import run"},
      {"a/__init__.py", "from a.tests.runner import run"},
      {"a/cli.py", "def f():\n  from . import (x,\n  tests)"},
      {"a-1.0.dist-info/entry_points.txt", "[x]\nrun = a.tests:run"},
      {"a-1.0.data/scripts/run", "import a.tests"}};
  for (const auto& importer : suites) {
    EXPECT_THAT(left_out("tests", {importer,
                                   {"a/tests/test_a.py", "import a.b.tests"},
                                   {"a/b/tests/test_b.py", ""},
                                   {"a/c/tests/test_c.py", "import a.c.tests"}}),
                ElementsAre("a/c/tests/test_c.py tests"))
        << importer.second;
  }
}

TEST(Trim, StubsOfModulesThatAreThere) {
  EXPECT_THAT(
      left_out("pyi", {{"a/__init__.py", ""},
                       {"a/__init__.pyi", ""},
                       {"a/py.typed", ""},
                       {"a/_c.cpython-313-wasm32-emscripten.so", ""},
                       {"a/_c.pyi", ""},
                       {"a/lazy.py", "import lazy_loader\nlazy_loader.attach_stub(__name__, __file__)"},
                       {"a/lazy.pyi", ""},
                       {"jedi/third_party/typeshed/stdlib/os.pyi", ""},
                       {"b-stubs/__init__.pyi", ""}}),
      ElementsAre("a/__init__.pyi pyi", "a/_c.pyi pyi", "a/py.typed pyi"));
}

TEST(Trim, HeadersThatNoModuleNames) {
  EXPECT_THAT(left_out("headers", {{"a/include/a/x.h", ""},
                                   {"a/include/a/y.HPP", ""},
                                   {"a/c.pxd", ""},
                                   {"a/c.pyx", ""},
                                   {"a/build.py", "template = open('include/a/read.h')"},
                                   {"a/include/a/read.h", ""},
                                   {"a-1.0.data/headers/z.h", ""}}),
              ElementsAre("a-1.0.data/headers/z.h headers", "a/c.pxd headers", "a/include/a/x.h headers",
                          "a/include/a/y.HPP headers"));
}

TEST(Trim, DocumentsButNoLicences) {
  EXPECT_THAT(left_out("docs", {{"README.md", ""},
                                {"a/ChangeLog", ""},
                                {"a/README.py", ""},
                                {"a/LICENSE.md", ""},
                                {"a/docs/AUTHORS.md", ""},
                                {"a/docs/index.rst", ""},
                                {"a/help.py", "show('usage.md', 'HISTORY.rst')"},
                                {"a/HISTORY.rst", ""},
                                {"a/b/doc/usage.md", ""},
                                {"numpy/doc/ufuncs.py", ""},
                                {"numpy/doc/notes.txt", ""},
                                {"a/data.txt", ""},
                                {"a-1.0.data/data/share/man/man1/a.1", ""},
                                {"a-1.0.dist-info/README.md", ""},
                                {"a-1.0.dist-info/licenses/docs/x.txt", ""}}),
              ElementsAre("README.md docs", "a-1.0.data/data/share/man/man1/a.1 docs", "a/ChangeLog docs",
                          "a/docs/index.rst docs"));
}

// Nobody can see what a module without its source imports.
TEST(Trim, WheelsWithoutSourcesStayWhole) {
  EXPECT_THAT(left_out("tests,pyi,headers,docs",
                       {{"a/__init__.pyc", ""}, {"a/tests/test_a.py", ""}, {"a/a.h", ""}, {"a/README", ""}}),
              IsEmpty());
  EXPECT_THAT(left_out("headers", {{"a/__pycache__/b.cpython-313.pyc", ""}, {"a/b.py", ""}, {"a/a.h", ""}}),
              ElementsAre("a/a.h headers"));
}

}  // namespace
}  // namespace wheelbarrow::bundle
