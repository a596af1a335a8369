// What a person reads when nothing fits: one situation, the whole text.
#include "resolver/explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/catalog_builder.hpp"

namespace wheelbarrow::resolver {
namespace {

using test::CatalogBuilder;
using test::resolve_to_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

wheelhouse::Catalog sample_catalog() {
  CatalogBuilder builder;
  builder.add_pure("numpy", "2.1")
      .add_pure("numpy", "1.26")
      .add_pure("scipy", "1.11", "Requires-Dist: numpy<2\n")
      .add_pure("scipy", "1.10", "Requires-Dist: numpy<2; python_version > '3'\n")
      .add_pure("pandas", "3", "Requires-Dist: scipy>=1.11\n")
      .add_pure("plots", "1", "Requires-Dist: numpy>=2; extra == 'fast'\n")
      .add("lxml-5.0-cp312-cp312-pyodide_2024_0_wasm32.whl")
      .add_pure("late", "2", "Requires-Python: >=3.14\n")
      .add_pure("uses_late", "1", "Requires-Dist: late>=1\n")
      .add_pure("typo", "1", "Requires-Dist: nunpy\n")
      .add_pure("loop", "1", "Requires-Dist: back\n")
      .add_pure("loop", "2", "Requires-Dist: back\n")
      .add_pure("back", "1", "Requires-Dist: loop!=2\nRequires-Dist: loop!=1\n");
  return builder.build();
}

struct Case {
  std::vector<std::string> asked;
  std::string explanation;
};

TEST(Explanation, SaysWhy) {
  const std::vector<Case> cases = {
      {{"numpy>=9"},
       "No numpy for pyodide-0.29 satisfies numpy>=9 (which you ask for).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29."},
      {{"numpi", "scipy"},
       "Nothing in the wheelhouse is called numpi; needed is numpi (which you ask for).\n"
       "Similar names in the wheelhouse: numpy."},
      {{"nothing-like-it"},
       "Nothing in the wheelhouse is called nothing-like-it; needed is nothing-like-it (which "
       "you ask for)."},
      {{"lxml>=4"},
       "No wheel of lxml fits pyodide-0.29; needed is lxml>=4 (which you ask for).\n"
       "lxml 5.0 is there only for other targets: cp312-cp312-pyodide_2024_0_wasm32."},
      {{"late"},
       "No wheel of late fits pyodide-0.29; needed is late (which you ask for).\n"
       "late 2 needs Python >=3.14, and pyodide-0.29 has Python 3.13.2."},
      {{"late", "numpi"},
       "No wheel of late fits pyodide-0.29; needed is late (which you ask for).\n"
       "late 2 needs Python >=3.14, and pyodide-0.29 has Python 3.13.2.\n"
       "Nothing in the wheelhouse is called numpi; needed is numpi (which you ask for).\n"
       "Similar names in the wheelhouse: numpy."},
      {{"uses-late", "numpy"},
       "uses-late can't be installed on pyodide-0.29.\n"
       "No wheel of late fits pyodide-0.29; needed is late>=1 (which uses-late 1 requires, because you ask "
       "for "
       "uses-late).\n"
       "late 2 needs Python >=3.14, and pyodide-0.29 has Python 3.13.2."},
      {{"typo"},
       "typo can't be installed on pyodide-0.29.\n"
       "Nothing in the wheelhouse is called nunpy; needed is nunpy (which typo 1 requires, because you ask "
       "for "
       "typo).\n"
       "Similar names in the wheelhouse: numpy."},
      {{"numpy>=2", "numpy<2"},
       "No numpy for pyodide-0.29 satisfies both numpy<2 (which you ask for) and numpy>=2 (which you ask "
       "for).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29."},
      {{"numpy>=2", "scipy", "plots"},
       "numpy>=2 and scipy can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which you ask for) and numpy<2 (which scipy 1.11 "
       "and "
       "1.10 require, because you ask for scipy).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29."},
      {{"plots[fast]", "pandas"},
       "pandas and plots[fast] can't be installed together on pyodide-0.29.\n"
       "No numpy for pyodide-0.29 satisfies both numpy>=2 (which plots 1 requires, because you ask for "
       "plots[fast]) and numpy<2 (which scipy 1.11 requires, which pandas 3 requires, because you ask for "
       "pandas).\n"
       "The wheelhouse holds numpy 2.1 and 1.26 for pyodide-0.29."},
      {{"loop"},
       "loop can't be installed on pyodide-0.29.\n"
       "No loop for pyodide-0.29 satisfies both loop!=2 (which back 1 requires, which loop 1 requires, "
       "because you "
       "ask for loop) and loop!=1 (which back 1 requires, which loop 1 requires, because you ask for loop).\n"
       "The wheelhouse holds loop 2 and 1 for pyodide-0.29.\n"
       "loop 2 does not satisfy loop!=2 (which back 1 requires, which loop 2 requires, because you ask for "
       "loop)."},
  };
  const auto catalog = sample_catalog();
  for (const Case& c : cases) {
    EXPECT_EQ(resolve_to_text(catalog, c.asked), c.explanation) << ::testing::PrintToString(c.asked);
  }
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

}  // namespace
}  // namespace wheelbarrow::resolver
