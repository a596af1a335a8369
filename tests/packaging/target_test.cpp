#include "packaging/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packaging/wheel_filename.hpp"

namespace wheelbarrow::packaging {
namespace {

using ::testing::HasSubstr;

const Target& known(std::string_view name) {
  const Target* target = find_target(name);
  EXPECT_NE(target, nullptr) << name;
  return target != nullptr ? *target : known_targets().front();
}

bool accepts(const Target& target, std::string_view filename) {
  return target.rank(parse_wheel_filename(filename).value().tags).has_value();
}

TEST(Target, TagsStandInPackagingsOrder) {
  const auto target = Target::make("t", "3.4", {"p1", "p2"});
  ASSERT_TRUE(target) << target.error().text();
  std::string text;
  for (const Tag& tag : target->tags()) text += tag.str() + " ";
  EXPECT_EQ(
      text,
      "cp34-cp34-p1 cp34-cp34-p2 cp34-abi3-p1 cp34-abi3-p2 cp34-none-p1 cp34-none-p2 "
      "cp33-abi3-p1 cp33-abi3-p2 cp32-abi3-p1 cp32-abi3-p2 "
      "py34-none-p1 py34-none-p2 py3-none-p1 py3-none-p2 py33-none-p1 py33-none-p2 py32-none-p1 py32-none-p2 "
      "py31-none-p1 py31-none-p2 py30-none-p1 py30-none-p2 "
      "cp34-none-any py34-none-any py3-none-any py33-none-any py32-none-any py31-none-any py30-none-any ");
  EXPECT_EQ(target->python().str(), "3.4.0");
  EXPECT_EQ(target->python_version(), "3.4");
}

TEST(Target, AcceptsTheWheelsThatItsReleaseLoads) {
  const Target& pyodide = known("pyodide-0.29");
  for (const char* filename :
       {"numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl",
        "pymupdf-1.26.3-cp313-none-pyodide_2025_0_wasm32.whl", "streamlit-1.62.0-cp313-none-any.whl",
        "lxml-6.0-cp39-abi3-pyodide_2025_0_wasm32.whl", "a-1-py3-none-any.whl",
        "six-1.16.0-py2.py3-none-any.whl", "a-1-cp313-cp313-pyemscripten_2025_0_wasm32.whl",
        "a-1-cp313-cp313-emscripten_4_0_9_wasm32.whl", "a-1-py313-none-any.whl"}) {
    EXPECT_TRUE(accepts(pyodide, filename)) << filename;
  }
  for (const char* filename :
       {"numpy-2.2.5-cp312-cp312-pyodide_2025_0_wasm32.whl",
        "numpy-2.2.5-cp313-cp313-pyodide_2024_0_wasm32.whl", "a-1-cp312-none-any.whl", "a-1-py2-none-any.whl",
        "a-1-cp314-abi3-pyodide_2025_0_wasm32.whl", "a-1-cp313-cp313-manylinux_2_28_x86_64.whl",
        "a-1-cp313-cp313t-pyodide_2025_0_wasm32.whl", "a-1-py314-none-any.whl"}) {
    EXPECT_FALSE(accepts(pyodide, filename)) << filename;
  }
  EXPECT_TRUE(accepts(known("pyodide-0.24"), "a-1-cp311-cp311-emscripten_3_1_45_wasm32.whl"));
  EXPECT_TRUE(accepts(known("pyodide-0.25"), "a-1-cp311-cp311-emscripten_3_1_46_wasm32.whl"));
  EXPECT_TRUE(accepts(known("pyodide-0.27"), "a-1-cp312-cp312-pyodide_2024_0_wasm32.whl"));
  EXPECT_TRUE(accepts(known("pyodide-314"), "a-1-cp314-cp314-pyemscripten_2026_0_wasm32.whl"));
  EXPECT_TRUE(accepts(known("pyodide-315"), "a-1-cp315-cp315-pyemscripten_2026_5_wasm32.whl"));
  const Target& linux_x86 = known("cpython-3.13-linux-x86_64");
  EXPECT_TRUE(accepts(linux_x86, "a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"));
  EXPECT_TRUE(accepts(linux_x86, "a-1-cp36-abi3-manylinux1_x86_64.whl"));
  EXPECT_FALSE(accepts(linux_x86, "a-1-cp313-cp313-musllinux_1_2_x86_64.whl"));
  EXPECT_FALSE(accepts(linux_x86, "a-1-cp313-cp313-manylinux_2_17_aarch64.whl"));
  EXPECT_TRUE(accepts(known("cpython-3.9-musllinux-aarch64"), "a-1-cp39-cp39-musllinux_1_1_aarch64.whl"));
}

TEST(Target, RanksTheBestTag) {
  const Target& target = known("pyodide-0.29");
  const auto rank = [&](std::string_view tag) { return target.rank(parse_tag(tag).value()); };
  EXPECT_EQ(rank("cp313-cp313-pyodide_2025_0_wasm32"), 0U);
  EXPECT_EQ(rank("py2.cp313-none.cp313-any.pyodide_2025_0_wasm32"), 0U);
  EXPECT_LT(rank("cp39-abi3-pyodide_2025_0_wasm32"), rank("py3-none-any"));
  EXPECT_EQ(rank("py2-none-any"), std::nullopt);
}

struct Environment {
  const char* target;
  const char* text;
};

TEST(Target, MarkerValuesFollowFromThePlatform) {
  const Environment cases[] = {
      {"pyodide-0.24", "3.11 3.11.3 posix emscripten Emscripten wasm32 3.1.45"},
      {"pyodide-0.25", "3.11 3.11.3 posix emscripten Emscripten wasm32 3.1.46"},
      {"pyodide-0.26", "3.12 3.12.1 posix emscripten Emscripten wasm32 3.1.58"},
      {"pyodide-0.27", "3.12 3.12.7 posix emscripten Emscripten wasm32 3.1.58"},
      {"pyodide-0.28", "3.13 3.13.2 posix emscripten Emscripten wasm32 4.0.9"},
      {"pyodide-0.29", "3.13 3.13.2 posix emscripten Emscripten wasm32 4.0.9"},
      {"pyodide-314", "3.14 3.14.2 posix emscripten Emscripten wasm32 5.0.3"},
      {"pyodide-315", "3.15 3.15.0 posix emscripten Emscripten wasm32 6.0.5"},
      {"cp313-win_amd64", "3.13 3.13.0 nt win32 Windows AMD64 "},
      {"cp313-macosx_11_0_arm64", "3.13 3.13.0 posix darwin Darwin arm64 "},
      {"cp313-android_24_arm64_v8a", "3.13 3.13.0 posix android Android aarch64 "},
      {"cp313-ios_13_0_arm64_iphoneos", "3.13 3.13.0 posix ios iOS arm64 "},
      {"cp313-manylinux_2_39_aarch64", "3.13 3.13.0 posix linux Linux aarch64 "},
      {"cp313-linux_i686", "3.13 3.13.0 posix linux Linux i686 "},
  };
  for (const Environment& c : cases) {
    const auto target = parse_target(c.target);
    ASSERT_TRUE(target) << c.target << ": " << target.error().text();
    const MarkerEnvironment& m = target->markers();
    EXPECT_EQ(m.python_version + " " + m.python_full_version + " " + m.os_name + " " + m.sys_platform + " " +
                  m.platform_system + " " + m.platform_machine + " " + m.platform_release,
              c.text)
        << c.target;
    EXPECT_EQ(target->is_emscripten(), m.sys_platform == "emscripten") << c.target;
    EXPECT_EQ(m.implementation_name, "cpython");
    EXPECT_EQ(m.implementation_version, m.python_full_version);
  }
  EXPECT_EQ(Target::make("pure", "3.13", {}).value().markers().sys_platform, "linux");
}

TEST(Target, KnownOnesAreThoseOfTheHeader) {
  EXPECT_EQ(known_targets().size(), 8U + 6U * 4U);
  EXPECT_EQ(known_targets().front().name(), "pyodide-0.24");
  for (const Target& target : known_targets())
    EXPECT_EQ(find_target(target.name()), &target) << target.name();
  EXPECT_EQ(find_target("pyodide-0.30"), nullptr);
}

TEST(Target, IsParsedFromNameOrAlias) {
  const std::pair<const char*, const char*> cases[] = {
      {"pyodide-0.26", "pyodide-0.26"},
      {"cp313-pyodide_2025_0_wasm32", "pyodide-0.29"},
      {"cp313-emscripten_4_0_9_wasm32.pyodide_2025_0_wasm32", "pyodide-0.29"},
      {"cp312-pyodide_2025_0_wasm32", "cp312-pyodide_2025_0_wasm32"},
      {"cp311-emscripten_3_1_45_wasm32", "pyodide-0.24"},
      {"cp313-manylinux_2_28_x86_64", "cpython-3.13-linux-x86_64"},
      {"cp313-manylinux_2_39_x86_64.linux_x86_64", "cp313-manylinux_2_39_x86_64.linux_x86_64"},
  };
  for (const auto& [text, name] : cases) {
    const auto target = parse_target(text);
    ASSERT_TRUE(target) << text << ": " << target.error().text();
    EXPECT_EQ(target->name(), name) << text;
  }
  for (const char* text : {"", "pyodide", "cp313", "cp313-", "cp-x", "cp3-x", "cp31300-x", "cp2147-x",
                           "py313-x", "cp313-a..b", "cp313-any", "cp313-A/B", "cp313-x-y"}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().kind, ErrorKind::invalid_input) << text;
    EXPECT_THAT(target.error().message, HasSubstr("pyodide-0.29")) << text;
  }
}

TEST(Target, AliasesAreOfABoundedSize) {
  EXPECT_TRUE(parse_target("cp399-a.b.c.d.e.f.g.h"));
  EXPECT_FALSE(parse_target("cp399-a.b.c.d.e.f.g.h.i"));
  EXPECT_TRUE(parse_target("cp313-" + std::string(194, 'a')));
  EXPECT_FALSE(parse_target("cp313-" + std::string(195, 'a')));
}

TEST(Target, RefusesWhatIsNone) {
  for (const char* python : {"", "3", "3.13.2.1", "x", "1!3.13", "3.13.post1", "3.13+x", "3.99999999"}) {
    EXPECT_FALSE(Target::make("t", python, {})) << python;
  }
  EXPECT_EQ(Target::make("t", "3.15a1", {}).value().python().str(), "3.15.0a1");
  EXPECT_FALSE(Target::make("t", "3.13", {"any"}));
  EXPECT_FALSE(Target::make("t", "3.13", std::vector<std::string>(101, "p")));
}

}  // namespace
}  // namespace wheelbarrow::packaging
