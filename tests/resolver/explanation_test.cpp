// What a person reads when nothing fits: one situation, the whole text.
#include "resolver/explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.hpp"
#include "resolver/catalog_builder.hpp"
#include "resolver/diagnosis.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::RequirementSet;
using test::CatalogBuilder;
using test::resolve_to_text;
using test::set_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

wheelhouse::Catalog sample_catalog() {
  CatalogBuilder builder;
  builder.add_pure("numpy", "2.1")
      .add_pure("numpy", "2.2rc1")
      .add_pure("numpy", "1.26")
      .add_pure("scipy", "1.11", "Requires-Dist: numpy<2\n")
      .add_pure("scipy", "1.10", "Requires-Dist: numpy<2; python_version > '3'\n")
      .add("scipy-1.12-cp312-cp312-pyodide_2024_0_wasm32.whl", "Requires-Dist: numpy>=2\n")
      .add_pure("pandas", "3", "Requires-Dist: scipy>=1.11\n")
      .add_pure("plots", "1", "Provides-Extra: fast\nRequires-Dist: numpy>=2; extra == 'fast'\n")
      .add("lxml-5.0-cp312-cp312-pyodide_2024_0_wasm32.whl")
      .add("lxml-5.0-cp312-cp312-manylinux_2_28_x86_64.manylinux2014_x86_64.whl")
      .add("lxml-4.9-cp311-cp311-emscripten_3_1_45_wasm32.whl")
      .add_pure("late", "2", "Requires-Python: >=3.14\n")
      .add_pure("late", "1", "Requires-Python: <3.10\n")
      .add_pure("uses_late", "1", "Requires-Dist: late>=1\n")
      .add_pure("typo", "1", "Requires-Dist: nunpy\n")
      .add_pure("bad", "1.0")
      .yank("metadata is wrong")
      .add_pure("bad", "0.9")
      .yank()
      .add_pure("uses_bad", "1", "Requires-Dist: bad>=1\n")
      .add_pure("fresh", "1", "Requires-Dist: numpy<2\n")
      .add_pure("fresh", "2b1")
      .add_pure("uses_fresh", "1", "Requires-Dist: fresh\nRequires-Dist: numpy>=2\n")
      .add_pure("loop", "1", "Requires-Dist: back\n")
      .add_pure("loop", "2", "Requires-Dist: back\n")
      .add_pure("back", "1", "Requires-Dist: loop!=2\nRequires-Dist: loop!=1\n");
  for (int i = 1; i <= 12; ++i) builder.add_pure("many", "1." + std::to_string(i));
  return builder.build();
}

RequirementSet hashed(const std::vector<std::string>& requirements, const std::string& project,
                      const std::string& hash) {
  RequirementSet set = set_of(requirements);
  set.hashes.push_back({project, std::nullopt, {hash}});
  return set;
}

struct Case {
  RequirementSet asked;
  std::string explanation;
  std::string target = "pyodide-0.29";
};

TEST(Explanation, SaysWhy) {
  const std::vector<Case> cases = {
      {set_of({"numpy>=9"}),
       "No numpy for pyodide-0.29 satisfies numpy>=9 (which you ask for).\n"
       "The wheelhouse holds numpy 2.2rc1, 2.1 and 1.26 for pyodide-0.29.\n"
       "It resolves with numpy==2.1 in place of numpy>=9."},
      {set_of({"numpy<1"}),
       "No numpy for pyodide-0.29 satisfies numpy<1 (which you ask for).\n"
       "The wheelhouse holds numpy 2.2rc1, 2.1 and 1.26 for pyodide-0.29.\n"
       "It resolves with numpy==1.26 in place of numpy<1."},
      {set_of({"numpy==2.0"}),
       "No numpy for pyodide-0.29 satisfies numpy==2.0 (which you ask for).\n"
       "The wheelhouse holds numpy 2.2rc1, 2.1 and 1.26 for pyodide-0.29.\n"
       "It resolves with numpy==2.1 in place of numpy==2.0."},
      {set_of({"numpy>=2", "numpy<2"}),
       "No numpy for pyodide-0.29 satisfies numpy<2,>=2 (which you ask for).\n"
       "The wheelhouse holds numpy 2.2rc1, 2.1 and 1.26 for pyodide-0.29.\n"
       "It resolves with numpy==2.1 in place of numpy<2,>=2."},
      {set_of({"numpi", "scipy"}),
       "Nothing in the wheelhouse is called numpi; needed is numpi (which you ask for).\n"
       "Similar names in the wheelhouse: numpy.\n"
       "It resolves with numpy in place of numpi."},
      {set_of({"nothing-like-it"}),
       "Nothing in the wheelhouse is called nothing-like-it; needed is nothing-like-it (which you ask for)."},
      {set_of({"nothing-like-it", "numpy"}),
       "Nothing in the wheelhouse is called nothing-like-it; needed is nothing-like-it (which you ask for).\n"
       "It resolves without nothing-like-it."},
      {set_of({"typo", "numpy"}),
       "typo can't be installed on pyodide-0.29.\n"
       "Nothing in the wheelhouse is called nunpy; needed is nunpy (which typo 1 requires, because you ask "
       "for typo).\n"
       "Similar names in the wheelhouse: numpy.\n"
       "It resolves without typo."},
      {set_of({"lxml>=4"}),
       "No wheel of lxml fits pyodide-0.29; needed is lxml>=4 (which you ask for).\n"
       "lxml 5.0 is there only for other targets: cp312-cp312-manylinux2014_x86_64, "
       "cp312-cp312-manylinux_2_28_x86_64 and cp312-cp312-pyodide_2024_0_wasm32 (that is "
       "cpython-3.12-linux-x86_64, pyodide-0.26 and pyodide-0.27).\n"
       "lxml 4.9 is there only for other targets: cp311-cp311-emscripten_3_1_45_wasm32 (that is "
       "pyodide-0.24)."},
      {set_of({"late"}),
       "No wheel of late fits pyodide-0.29; needed is late (which you ask for).\n"
       "late 2 needs Python >=3.14, and pyodide-0.29 has Python 3.13.2.\n"
       "late 1 needs Python <3.10, and pyodide-0.29 has Python 3.13.2."},
      {set_of({"late", "numpi"}),
       "No wheel of late fits pyodide-0.29; needed is late (which you ask for).\n"
       "late 2 needs Python >=3.14, and pyodide-0.29 has Python 3.13.2.\n"
       "late 1 needs Python <3.10, and pyodide-0.29 has Python 3.13.2.\n"
       "Nothing in the wheelhouse is called numpi; needed is numpi (which you ask for).\n"
       "Similar names in the wheelhouse: numpy.\n"
       "It resolves without late and with numpy in place of numpi."},
      {set_of({"uses-late", "numpy"}),
       "uses-late can't be installed on pyodide-0.29.\n"
       "No wheel of late fits pyodide-0.29; needed is late>=1 (which uses-late 1 requires, because you ask "
       "for uses-late).\n"
       "late 2 needs Python >=3.14, and pyodide-0.29 has Python 3.13.2.\n"
       "late 1 needs Python <3.10, and pyodide-0.29 has Python 3.13.2.\n"
       "It resolves without uses-late."},
      {set_of({"numpy>=2", "scipy", "plots"}),
       "numpy>=2 and scipy can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which you ask for) and numpy<2 (which scipy 1.11 "
       "and 1.10 require, because you ask for scipy).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves with numpy==1.26 in place of numpy>=2, or without scipy."},
      {set_of({"plots[fast]", "pandas"}),
       "pandas and plots[fast] can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which plots 1 requires, because you ask for "
       "plots[fast]) and numpy<2 (which scipy 1.11 requires, which pandas 3 requires, because you ask for "
       "pandas).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves without pandas, or without plots[fast]."},
      {set_of({"plots[fast,nope]", "pandas"}),
       "pandas and plots[fast,nope] can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which plots 1 requires, because you ask for "
       "plots[fast,nope]) and numpy<2 (which scipy 1.11 requires, which pandas 3 requires, because you ask "
       "for pandas).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves without pandas, or without plots[fast,nope]."},
      {set_of({"loop"}),
       "loop can't be installed on pyodide-0.29.\n"
       "No loop for pyodide-0.29 satisfies both loop!=2 (which back 1 requires, which loop 1 requires, "
       "because you ask for loop) and loop!=1 (which back 1 requires, which loop 1 requires, because you ask "
       "for loop).\n"
       "The wheelhouse holds loop 2 and 1 for pyodide-0.29.\n"
       "loop 2 does not satisfy loop!=2 (which back 1 requires, which loop 2 requires, because you ask for "
       "loop)."},
      {set_of({"numpy>=2", "scipy>=1.11"}),
       "numpy>=2 and scipy>=1.11 can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which you ask for) and numpy<2 (which scipy 1.11 "
       "requires, because you ask for scipy>=1.11).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves with numpy==1.26 in place of numpy>=2, or without scipy>=1.11."},
      {set_of({"many>2"}),
       "No many for pyodide-0.29 satisfies many>2 (which you ask for).\n"
       "The wheelhouse holds many 1.12, 1.11, 1.10, 1.9, 1.8, 1.7, 1.6, 1.5 and 4 older for pyodide-0.29.\n"
       "It resolves with many==1.12 in place of many>2."},
      {set_of({"bad"}),
       "No wheel of bad can be taken; needed is bad (which you ask for).\n"
       "bad 1.0 is yanked (\"metadata is wrong\"), taken only where it is asked for as bad==1.0.\n"
       "bad 0.9 is yanked, taken only where it is asked for as bad==0.9.\n"
       "It resolves with bad==1.0 in place of bad."},
      {set_of({"bad>=0.9"}),
       "No wheel of bad can be taken; needed is bad>=0.9 (which you ask for).\n"
       "bad 1.0 is yanked (\"metadata is wrong\"), taken only where it is asked for as bad==1.0.\n"
       "bad 0.9 is yanked, taken only where it is asked for as bad==0.9.\n"
       "It resolves with bad==1.0 in place of bad>=0.9."},
      {set_of({"uses-bad"}),
       "uses-bad can't be installed on pyodide-0.29.\n"
       "No wheel of bad can be taken; needed is bad>=1 (which uses-bad 1 requires, because you ask for "
       "uses-bad).\n"
       "bad 1.0 is yanked (\"metadata is wrong\"), taken only where it is asked for as bad==1.0.\n"
       "bad 0.9 is yanked, taken only where it is asked for as bad==0.9.\n"
       "It resolves with bad==1.0 asked for as well."},
      {set_of({"fresh", "numpy>=2"}),
       "fresh and numpy>=2 can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which you ask for) and numpy<2 (which fresh 1 "
       "requires, because you ask for fresh).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The wheelhouse holds fresh 1 for pyodide-0.29.\n"
       "fresh 2b1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "It resolves with fresh==2b1 in place of fresh, or without fresh, or with numpy==1.26 in place of "
       "numpy>=2."},
      {set_of({"uses-fresh"}),
       "uses-fresh can't be installed on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which uses-fresh 1 requires, because you ask for "
       "uses-fresh) and numpy<2 (which fresh 1 requires, which uses-fresh 1 requires, because you ask for "
       "uses-fresh).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The wheelhouse holds fresh 1 for pyodide-0.29.\n"
       "fresh 2b1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "It resolves with fresh==2b1 asked for as well."},
      {set_of({"numpy==2.2rc2"}),
       "No numpy for pyodide-0.29 satisfies numpy==2.2rc2 (which you ask for).\n"
       "The wheelhouse holds numpy 2.2rc1, 2.1 and 1.26 for pyodide-0.29.\n"
       "It resolves with numpy==2.2rc1 in place of numpy==2.2rc2."},
      {set_of({"numpy>=2"}, {"numpy<2"}),
       "No numpy for pyodide-0.29 satisfies numpy>=2 (which you ask for).\n"
       "The wheelhouse holds numpy 1.26 for pyodide-0.29.\n"
       "The constraint numpy<2 rules out numpy 2.2rc1 and 2.1.\n"
       "It resolves with numpy==1.26 in place of numpy>=2, or without the constraint numpy<2."},
      {set_of({"plots[fast]"}, {"numpy<2"}),
       "plots[fast] can't be installed on pyodide-0.29 under the constraint numpy<2.\n"
       "No numpy for pyodide-0.29 satisfies numpy>=2 (which plots 1 requires, because you ask for "
       "plots[fast]).\n"
       "The wheelhouse holds numpy 1.26 for pyodide-0.29.\n"
       "The constraint numpy<2 rules out numpy 2.2rc1 and 2.1.\n"
       "It resolves without the constraint numpy<2."},
      {set_of({"plots[fast]", "scipy"}, {"numpy<2"}),
       "plots[fast] can't be installed on pyodide-0.29 under the constraint numpy<2.\n"
       "No numpy for pyodide-0.29 satisfies numpy>=2 (which plots 1 requires, because you ask for "
       "plots[fast]).\n"
       "The wheelhouse holds numpy 1.26 for pyodide-0.29.\n"
       "The constraint numpy<2 rules out numpy 2.2rc1 and 2.1.\n"
       "It resolves without plots[fast]."},
      {set_of({"pandas", "numpy"}, {"numpy>=2", "scipy<2"}),
       "pandas can't be installed on pyodide-0.29 under the constraint numpy>=2.\n"
       "No numpy for pyodide-0.29 satisfies numpy<2 (which scipy 1.11 requires, which pandas 3 requires, "
       "because you ask for pandas).\n"
       "The wheelhouse holds numpy 2.1 for pyodide-0.29.\n"
       "numpy 2.2rc1 is a pre-release, taken only where a requirement names one or no final release fits.\n"
       "The constraint numpy>=2 rules out numpy 1.26.\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves without the constraint numpy>=2, or without pandas."},
      {set_of({"scipy==1.12"}),
       "No scipy for pyodide-0.29 satisfies scipy==1.12 (which you ask for).\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves with scipy==1.11 in place of scipy==1.12."},
      {set_of({"scipy>=1.12", "numpy"}),
       "No scipy for pyodide-0.29 satisfies scipy>=1.12 (which you ask for).\n"
       "The wheelhouse holds scipy 1.11 and 1.10 for pyodide-0.29.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27).\n"
       "It resolves with scipy==1.11 in place of scipy>=1.12."},
      {set_of({"lxml"}, {"lxml<4"}),
       "No wheel of lxml fits pyodide-0.29; needed is lxml (which you ask for).\n"
       "lxml 5.0 is there only for other targets: cp312-cp312-manylinux2014_x86_64, "
       "cp312-cp312-manylinux_2_28_x86_64 and cp312-cp312-pyodide_2024_0_wasm32 (that is "
       "cpython-3.12-linux-x86_64, pyodide-0.26 and pyodide-0.27).\n"
       "lxml 4.9 is there only for other targets: cp311-cp311-emscripten_3_1_45_wasm32 (that is "
       "pyodide-0.24)."},
      {set_of({"lxml"}),
       "No wheel of lxml fits cpython-3.13-musllinux-aarch64; needed is lxml (which you ask for).\n"
       "lxml 5.0 is there only for other targets: cp312-cp312-manylinux2014_x86_64, "
       "cp312-cp312-manylinux_2_28_x86_64 and cp312-cp312-pyodide_2024_0_wasm32 (that is "
       "cpython-3.12-linux-x86_64, pyodide-0.26 and pyodide-0.27).\n"
       "lxml 4.9 is there only for other targets: cp311-cp311-emscripten_3_1_45_wasm32 (that is "
       "pyodide-0.24).",
       "cpython-3.13-musllinux-aarch64"},
      {hashed({"numpy"}, "numpy", std::string(64, 'a')),
       "No wheel of numpy can be taken; needed is numpy (which you ask for).\n"
       "numpy-2.2rc1-py3-none-any.whl has none of the hashes given, its SHA-256 is "
       "a9571aebd68e5271e936e8310a3cf7437e7a85fc74506b207b9196b7348b6c68.\n"
       "numpy-2.1-py3-none-any.whl has none of the hashes given, its SHA-256 is "
       "3a3ba2910fa46e8bc0ff11adc6bd1f420cc4163c3587e3aff4700f1a64ad7690.\n"
       "numpy-1.26-py3-none-any.whl has none of the hashes given, its SHA-256 is "
       "7e837bd1d7a447e873083cbdb59af5a4a41f77912502a9a8abd10523d55e57f1."},
      {hashed({"scipy"}, "scipy", sha256("scipy-1.11-py3-none-any.whl").hex()),
       "scipy can't be installed on pyodide-0.29.\n"
       "No wheel of numpy can be taken; needed is numpy<2 (which scipy 1.11 requires, because you ask for "
       "scipy).\n"
       "Hashes are given, but none for numpy; where there are any, every wheel needs one.\n"
       "The wheelhouse holds scipy 1.11 for pyodide-0.29.\n"
       "scipy-1.10-py3-none-any.whl has none of the hashes given, its SHA-256 is "
       "f2650beff424a39781b79d9d3cbc871d66890bcbdc7e5cfbd6b0b7684cfeae9b.\n"
       "scipy 1.12 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32 (that is pyodide-0.26 "
       "and pyodide-0.27)."},
      {hashed({"numpy<2"}, "numpy", sha256("numpy-2.1-py3-none-any.whl").hex()),
       "No numpy for pyodide-0.29 satisfies numpy<2 (which you ask for).\n"
       "The wheelhouse holds numpy 2.1 for pyodide-0.29.\n"
       "numpy-2.2rc1-py3-none-any.whl has none of the hashes given, its SHA-256 is "
       "a9571aebd68e5271e936e8310a3cf7437e7a85fc74506b207b9196b7348b6c68.\n"
       "numpy-1.26-py3-none-any.whl has none of the hashes given, its SHA-256 is "
       "7e837bd1d7a447e873083cbdb59af5a4a41f77912502a9a8abd10523d55e57f1.\n"
       "It resolves with numpy==2.1 in place of numpy<2."},
  };
  const auto catalog = sample_catalog();
  for (const Case& c : cases) {
    EXPECT_EQ(resolve_to_text(catalog, c.asked, c.target), c.explanation)
        << ::testing::PrintToString(canonical_set(c.asked));
  }
}

TEST(Explanation, IsWrittenFromData) {
  const auto catalog = sample_catalog();
  const auto lock =
      resolve(catalog, test::target_named("pyodide-0.29"), set_of({"numpy>=2", "scipy", "plots"}));
  ASSERT_FALSE(lock);
  const Derivation& derivation = lock.error().derivation;
  EXPECT_EQ(explain(derivation), lock.error().message);
  EXPECT_THAT(derivation.asked, ElementsAre("numpy>=2", "scipy")) << "plots has no part in it";
  ASSERT_EQ(derivation.incompatibilities.size(), 1U);
  const Incompatibility& one = derivation.incompatibilities[0];
  EXPECT_EQ(one.project, "numpy");
  EXPECT_THAT(one.chosen, IsEmpty());
  ASSERT_EQ(one.demands.size(), 2U);
  EXPECT_EQ(one.demands[0].size(), 1U);
  ASSERT_EQ(one.demands[1].size(), 2U);
  EXPECT_EQ(one.demands[1][0].requirement, "scipy");
  EXPECT_EQ(one.demands[1][1].requirement, "numpy<2");
  EXPECT_EQ(one.demands[1][1].project, "scipy");
  EXPECT_EQ(one.demands[1][1].versions.size(), 2U);
  ASSERT_EQ(derivation.holdings.size(), 2U);
  ASSERT_EQ(derivation.holdings[1].wheels.size(), 3U);
  const HeldWheel& elsewhere = derivation.holdings[1].wheels[0];
  EXPECT_EQ(elsewhere.filename, "scipy-1.12-cp312-cp312-pyodide_2024_0_wasm32.whl");
  EXPECT_EQ(elsewhere.obstacle, Obstacle::other_target);
  EXPECT_EQ(elsewhere.detail, "cp312-cp312-pyodide_2024_0_wasm32");
  EXPECT_THAT(elsewhere.targets, ElementsAre("pyodide-0.26", "pyodide-0.27"));
  ASSERT_EQ(derivation.remedies.size(), 2U);
  ASSERT_EQ(derivation.remedies[0].size(), 1U);
  EXPECT_EQ(derivation.remedies[0][0].kind, Change::Kind::replace);
  EXPECT_EQ(derivation.remedies[0][0].from, "numpy>=2");
  EXPECT_EQ(derivation.remedies[0][0].to, "numpy==1.26");
}

TEST(Explanation, SimilarNamesAreFewAndNear) {
  CatalogBuilder builder;
  for (const char* name : {"numpy", "numba", "lxml", "six", "nuxpy", "nupy", "numpyx", "aa"})
    builder.add_pure(name, "1");
  const auto catalog = builder.build();
  EXPECT_THAT(similar_names(catalog, "numpi"), ElementsAre("numpy", "numba", "numpyx"));
  EXPECT_THAT(similar_names(catalog, "sixx"), ElementsAre("six"));
  EXPECT_THAT(similar_names(catalog, "scikit-learn"), IsEmpty());
  EXPECT_THAT(similar_names(catalog, std::string(100'000, 'n')), IsEmpty());
}

TEST(Explanation, SimilarNamesAreLongerAndShorterOnesToo) {
  CatalogBuilder builder;
  builder.add("opencv_python-1-py3-none-any.whl").add_pure("numpy", "1");
  const auto catalog = builder.build();
  EXPECT_THAT(similar_names(catalog, "opencv-python-headless"), ElementsAre("opencv-python"));
  EXPECT_THAT(similar_names(catalog, "opencv"), ElementsAre("opencv-python"));
}

// Of many wheels those that could be taken are told first.
TEST(Explanation, ManyWheelsForOthersHideNoneThatFits) {
  CatalogBuilder builder;
  for (int i = 0; i < 60; ++i)
    builder.add("numpy-2.4." + std::to_string(i) + "-cp312-cp312-manylinux_2_28_x86_64.whl");
  builder.add_pure("numpy", "2.2");
  EXPECT_THAT(resolve_to_text(builder.build(), {"numpy>=2.3"}),
              StartsWith("No numpy for pyodide-0.29 satisfies numpy>=2.3 (which you ask for).\n"
                         "The wheelhouse holds numpy 2.2 for pyodide-0.29.\n"));
}

// A thousand faults at once cost little and are told in few words.
TEST(Explanation, ManyFaultsAreToldInFewWords) {
  CatalogBuilder builder;
  builder.add_pure("numpy", "1");
  std::vector<std::string> asked;
  for (int i = 0; i < 1000; ++i) asked.push_back("missing" + std::to_string(i));
  EXPECT_LT(resolve_to_text(builder.build(), asked).size(), 4000U);
}

}  // namespace
}  // namespace wheelbarrow::resolver
