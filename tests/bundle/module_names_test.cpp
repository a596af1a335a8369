#include "bundle/module_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace wheelbarrow::bundle {
namespace {

using testing::Contains;
using testing::Not;

std::set<std::string> names_in(std::string_view path, std::string_view source) {
  std::set<std::string> names;
  for_each_name(path, source, [&](std::string_view name) { names.emplace(name); });
  return names;
}

TEST(ModuleNames, FindsWhatIsImportedHoweverItIsWritten) {
  const struct {
    const char* path;
    const char* source;
    const char* name;
  } cases[] = {
      {"a/__init__.py", "import a.tests", "a.tests"},
      {"a/__init__.py", "import os, a.tests as t", "a.tests"},
      {"a/__init__.py", "from a import tests", "a.tests"},
      {"a/__init__.py", "from a.tests import x", "a.tests"},
      {"a/__init__.py", "from .tests.run import x", "a.tests.run"},
      {"a/__init__.py", "from . import tests", "a.tests"},
      {"a/__init__.py", "from .import tests", "a.tests"},
      {"a/__init__.py", "from.tests import x", "a.tests"},
      {"a/__init__.py", "from.import tests", "a.tests"},
      {"a/b.py", "from . import x, tests", "a.tests"},
      {"a/b/c.py", "from .. import tests", "a.tests"},
      {"a/b/c.py", "from ..tests import x", "a.tests"},
      {"a/b/__init__.py", "from ..tests import x", "a.tests"},
      {"a.py", "from . import tests", "tests"},
      {"a/b.py", "from a import (\n    x,  # not y)\n    tests,\n)", "a.tests"},
      {"a/b.py", "from a import x, \\\n    tests", "a.tests"},
      {"a/b.py", "from a import x, \\\r\n    tests", "a.tests"},
      {"a/b.py", "from \\\n  a \\\n  import tests", "a.tests"},
      {"a/b.py", "try: from a import(tests)\nexcept ImportError: pass", "a.tests"},
      {"a/b.py", "importlib.import_module('a.tests.x')", "a.tests.x"},
      {"a/b.py", "importlib.import_module('.tests', __package__)", "a.tests"},
      {"a/b.py", "open(here + '/README.md')", "README.md"},
  };
  for (const auto& each : cases) {
    EXPECT_THAT(names_in(each.path, each.source), Contains(each.name)) << each.source;
  }
}

TEST(ModuleNames, AnImportEndsWithItsLine) {
  EXPECT_THAT(names_in("a/b.py", "from a import x\ntests = 1"), Not(Contains("a.tests")));
  EXPECT_THAT(names_in("a/b.py", "from a import (x)\ntests = 1"), Not(Contains("a.tests")));
}

TEST(ModuleNames, SurvivesAnything) {
  for (const char* source : {"", "from", "from ", "from .", "from . import", "from . import (",
                             "from a import \\", "......", "from ........ import x", "#", "\\\n\\\n"}) {
    names_in("a/b.py", source);
    names_in("", source);
  }
}

TEST(ModuleNames, NamesModulesByTheirPath) {
  EXPECT_EQ(module_of("a/b.py"), "a.b");
  EXPECT_EQ(module_of("a/__init__.py"), "a");
  EXPECT_EQ(module_of("a.py"), "a");
}

}  // namespace
}  // namespace wheelbarrow::bundle
