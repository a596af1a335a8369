#include "web/landing.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wheelbarrow::web {
namespace {

using testing::HasSubstr;
using testing::Not;

LandingView view_of_two() {
  LandingView view;
  view.base_url = "https://localhost:8443/";
  view.version = "0.1.0";
  view.default_target = "pyodide-0.29";
  view.targets = {"pyodide-0.28", "pyodide-0.29"};
  view.pyodide_version = "0.29.3";
  view.wheels = {
      {"lxml",
       "5.4.0",
       "lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl",
       1692344,
       "cp313-cp313-pyodide_2025_0_wasm32",
       "/wheels/aa/lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl",
       "/wheels/aa/lxml-5.4.0-cp313-cp313-pyodide_2025_0_wasm32.whl.metadata",
       {},
       {}},
      {"numpy",
       "2.2.5",
       "numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl",
       11712032,
       "cp313-cp313-pyodide_2025_0_wasm32",
       "/wheels/bb/numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl",
       "",
       {"RECORD lists 3 files that are not there"},
       {}},
  };
  return view;
}

TEST(Landing, ListsWheelsWithLinksSizesAndWarnings) {
  const std::string page = render_landing(view_of_two());
  EXPECT_THAT(page, HasSubstr("2 wheels"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">lxml</th><td>5.4.0</td><td class=\"size\">1.7 MB</td>"));
  EXPECT_THAT(page, HasSubstr("<a href=\"./wheels/bb/numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl\">"));
  EXPECT_THAT(page, HasSubstr("<span class=\"warning\">RECORD lists 3 files that are not there</span>"));
  EXPECT_THAT(page, HasSubstr("<option value=\"pyodide-0.29\" selected>"));
  EXPECT_THAT(page, HasSubstr("<option value=\"pyodide-0.28\">"));
  EXPECT_THAT(page, Not(HasSubstr("refused")));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(Compare, AsksForWhatThisServerHas) {
  LandingView view = view_of_two();
  view.version = "<0.1>";
  const std::string page = render_compare(view);
  EXPECT_THAT(page, HasSubstr("\nlxml\nnumpy\n</textarea>"));
  EXPECT_THAT(page, HasSubstr("<option value=\"pyodide-0.29\">"));
  EXPECT_THAT(page, HasSubstr("wheelbarrow &lt;0.1&gt; at https://localhost:8443/"));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(Landing, SaysWhatABundleCanBeShapedTo) {
  LandingView view = view_of_two();
  view.bytecode = "No bytecode: there is no Python <3.13>.";
  view.strip_classes = {{"tests", "folders & more"}};
  const std::string page = render_landing(view);
  EXPECT_THAT(page, HasSubstr("No bytecode: there is no Python &lt;3.13&gt;."));
  EXPECT_THAT(page, HasSubstr("name=\"strip\" value=\"tests\"> tests: folders &amp; more"));
}

TEST(Landing, MarksYankedWheels) {
  LandingView view = view_of_two();
  EXPECT_THAT(render_landing(view), Not(HasSubstr("yanked")));
  view.wheels[0].yanked = "breaks <x>";
  view.wheels[1].yanked = "";
  const std::string page = render_landing(view);
  EXPECT_THAT(page, HasSubstr("<span class=\"warning\">yanked: breaks &lt;x&gt;</span>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"warning\">yanked</span>"));
}

TEST(Landing, SnippetsNameThisServerAndItsWheels) {
  const std::string page = render_landing(view_of_two());
  EXPECT_THAT(page,
              HasSubstr("import { install } from &quot;https://localhost:8443/client/wheelbarrow.mjs&quot;"));
  EXPECT_THAT(page, HasSubstr("install(pyodide, [&quot;lxml&quot;, &quot;numpy&quot;])"));
  EXPECT_THAT(page, HasSubstr("https://localhost:8443/env/lxml,numpy/pyodide.mjs"));
  EXPECT_THAT(page, HasSubstr("pyodideUrl: &quot;https://localhost:8443/env/lxml,numpy/pyodide.mjs&quot;"));
  EXPECT_THAT(page, HasSubstr("micropip.install(&quot;https://localhost:8443/wheels/aa/lxml-5.4.0-"));
  EXPECT_THAT(
      page, HasSubstr("&#39;https://localhost:8443/bundle?r=lxml&amp;r=numpy&amp;target=pyodide-0.29&#39;"));
}

TEST(Landing, WithoutARuntimeThereAreNoRuntimeSnippets) {
  LandingView view = view_of_two();
  view.pyodide_version.clear();
  const std::string page = render_landing(view);
  EXPECT_THAT(page, Not(HasSubstr("/env/")));
  EXPECT_THAT(page, HasSubstr("No Pyodide runtime is served here."));
}

TEST(Landing, ChosenExamplesComeFirstAndHostileOnesNever) {
  LandingView view = view_of_two();
  view.examples = {"numpy", "a\"); alert(1", "-r", "numpy", "lxml", "docx"};
  const std::string page = render_landing(view);
  EXPECT_THAT(page, HasSubstr("[&quot;numpy&quot;, &quot;lxml&quot;]"));
  EXPECT_THAT(page, Not(HasSubstr("alert")));
}

TEST(Landing, NothingThatAWheelOrAFileNameSaysBecomesMarkup) {
  const std::string evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
  LandingView view;
  view.base_url = "https://h/" + evil;
  view.version = evil;
  view.default_target = evil;
  view.targets = {evil};
  view.pyodide_version = evil;
  view.examples = {evil};
  view.wheels = {{evil, evil, evil, 1, evil, "/wheels/" + evil, "/m/" + evil, {evil}, evil},
                 {"b", "1", "b", 1, "", "javascript:alert(1)", "javascript:alert(1)", {}, {}}};
  view.refused = {{evil, evil}};
  const std::string page = render_landing(view);
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("\"'>")));
  EXPECT_THAT(page, Not(HasSubstr("javascript:")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
}

// A value is put in once; a template mark inside it stays text.
TEST(Landing, MarksInsideValuesAreNotFilled) {
  LandingView view = view_of_two();
  view.refused = {{"{{base_url}}.whl", "{{version}}"}};
  EXPECT_THAT(render_landing(view), HasSubstr("{{base_url}}.whl</th><td>{{version}}</td>"));
}

TEST(Landing, ListsWhatWasRefusedAndWhy) {
  LandingView view = view_of_two();
  view.refused = {{"wheels/broken-1.0-py3-none-any.whl", "broken/a.py: SHA-256 differs from RECORD"}};
  const std::string page = render_landing(view);
  EXPECT_THAT(page, HasSubstr("1 file refused"));
  EXPECT_THAT(
      page, HasSubstr("wheels/broken-1.0-py3-none-any.whl</th><td>broken/a.py: SHA-256 differs from RECORD"));
}

TEST(Landing, AnEmptyWheelhouseSaysWhatToDo) {
  const std::string page = render_landing({});
  EXPECT_THAT(page, HasSubstr("0 wheels"));
  EXPECT_THAT(page, HasSubstr("The wheelhouse is empty."));
}

TEST(Landing, AVeryLargeWheelhouseMakesASmallPage) {
  LandingView view = view_of_two();
  view.wheels.clear();
  view.refused.clear();
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "p" + std::to_string(i);
    view.wheels.push_back(
        {name, "1.0", name + "-1.0-py3-none-any.whl", 1, "py3-none-any", "/wheels/" + name, "", {}, {}});
    view.refused.push_back({name, "empty file"});
  }
  const std::string page = render_landing(view);
  EXPECT_LT(page.size(), 400'000U);
  EXPECT_THAT(page, HasSubstr("20000 wheels"));
  EXPECT_THAT(page, HasSubstr("and 19500 wheels more."));
  EXPECT_THAT(page, HasSubstr("and 19500 files more."));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">p499</th>"));
  EXPECT_THAT(page, Not(HasSubstr("<th scope=\"row\">p500</th>")));
}

}  // namespace
}  // namespace wheelbarrow::web
