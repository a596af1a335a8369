#include "packaging/wheel_filename.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

TEST(WheelFilename, Parses) {
  const std::pair<const char*, const char*> cases[] = {
      {"numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl", "numpy 2.2.5 cp313-cp313-pyodide_2025_0_wasm32"},
      {"pymupdf-1.26.3-cp313-none-pyodide_2025_0_wasm32.whl",
       "pymupdf 1.26.3 cp313-none-pyodide_2025_0_wasm32"},
      {"six-1.16.0-py2.py3-none-any.whl", "six 1.16.0 py2-none-any py3-none-any"},
      {"Foo.Bar_baz-1.0-py3-none-any.whl", "foo-bar-baz 1.0 py3-none-any"},
      {"a-1.0-2-py3-none-any.whl", "a 1.0 [2] py3-none-any"},
      {"a-1.0-1local-py3-none-any.whl", "a 1.0 [1local] py3-none-any"},
      {"a-1.0+cu12.1-py3-none-any.whl", "a 1.0+cu12.1 py3-none-any"},
      {"a-1!1.0-py3-none-any.whl", "a 1!1.0 py3-none-any"},
      {"a-1.0_1-py3-none-any.whl", "a 1.0.post1 py3-none-any"},
      {"A-1.0-CP313-NONE-Any.whl", "a 1.0 cp313-none-any"},
  };
  for (const auto& [filename, expected] : cases) {
    const auto parsed = parse_wheel_filename(filename);
    ASSERT_TRUE(parsed) << parsed.error().text();
    std::string text = parsed->name + " " + parsed->version.str();
    if (parsed->build) text += " [" + std::to_string(parsed->build->first) + parsed->build->second + "]";
    for (const Tag& tag : parsed->tags) text += " " + tag.str();
    EXPECT_EQ(text, expected) << filename;
  }
}

TEST(WheelFilename, RefusesWhatIsNone) {
  for (const char* filename : {"",
                               ".whl",
                               "a.whl",
                               "a-1.0.whl",
                               "a-1.0-py3-none-any.zip",
                               "a-1.0-py3-none-any.whl.gz",
                               "a-1.0-py3-none.whl",
                               "a-1.0-1-py3-none-any-x.whl",
                               "a-x-py3-none-any.whl",
                               "a__b-1.0-py3-none-any.whl",
                               "_a-1.0-py3-none-any.whl",
                               "a b-1.0-py3-none-any.whl",
                               "-1.0-py3-none-any.whl",
                               "a-1.0-x1-py3-none-any.whl",
                               "a-1.0--py3-none-any.whl",
                               "a- 1.0-py3-none-any.whl",
                               "a-1.0-5+6-py3-none-any.whl",
                               "a-1.0_x-py3-none-any.whl",
                               "caf\xC3\xA9-1.0-py3-none-any.whl",
                               "../a-1.0-py3-none-any.whl",
                               "a-1.0-py3-none-any/.whl",
                               "a-1.0-99999999999999999999-py3-none-any.whl",
                               "a-1.0-py3--any.whl",
                               "------.whl"}) {
    const auto parsed = parse_wheel_filename(filename);
    ASSERT_FALSE(parsed) << filename;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_input) << filename;
  }
}

}  // namespace
}  // namespace wheelbarrow::packaging
