#include "wheelhouse/import_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace wheelbarrow::wheelhouse {
namespace {

struct Case {
  std::vector<const char*> paths;
  std::vector<std::string> names;
};

TEST(ImportNamesTest, FollowFromTheTree) {
  const std::vector<Case> cases{
      {{"six.py"}, {"six"}},
      {{"pkg/__init__.py", "pkg/sub/mod.py"}, {"pkg"}},
      {{"namespace/inner/mod.py"}, {"namespace"}},
      {{"only/native/mod.cpython-313-wasm32-emscripten.so"}, {"only"}},
      {{"fast.cpython-313-wasm32-emscripten.so"}, {"fast"}},
      {{"fast.so", "slow.pyc"}, {"fast", "slow"}},
      {{"byte/compiled.pyc"}, {"byte"}},
      {{"_private.py", "caf\xc3\xa9.py"}, {"_private", "caf\xc3\xa9"}},
      {{"data/table.csv", "README.txt", "hook.pth"}, {}},
      {{"__pycache__/six.cpython-313.pyc", "gone/__pycache__/mod.cpython-313.pyc"}, {}},
      {{"a-b/mod.py", "1x/mod.py", "numpy.libs/libopenblas.so", "x.dist-info/evil.py"}, {}},
      {{"pkg-1.0.data/scripts/run.py"}, {}},
      {{".hidden.py"}, {}},
  };
  for (const Case& each : cases) {
    ImportNames names;
    for (const char* path : each.paths) {
      names.add(path);
    }
    EXPECT_THAT(names.names(), testing::ElementsAreArray(each.names)) << each.paths.front();
  }
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
