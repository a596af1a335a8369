#include "resolver/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/catalog_builder.hpp"

namespace wheelbarrow::resolver {
namespace {

using test::CatalogBuilder;
using test::resolve_to_text;
using test::set_of;
using test::target_named;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Resolver, TakesTheHighestVersionThatFits) {
  CatalogBuilder builder;
  builder.add_pure("a", "1.0").add_pure("a", "1.10").add_pure("a", "1.9").add_pure("a", "2.0");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "a 2.0");
  EXPECT_EQ(resolve_to_text(catalog, {"a<2"}), "a 1.10");
  EXPECT_EQ(resolve_to_text(catalog, {"a<2", "A!=1.10"}), "a 1.9");
  EXPECT_EQ(resolve_to_text(catalog, {"a~=1.0,<1.9"}), "a 1.0");
}

TEST(Resolver, PutsDependenciesFirst) {
  CatalogBuilder builder;
  builder.add_pure("app", "1", "Requires-Dist: zlib2\nRequires-Dist: mid\n")
      .add_pure("mid", "1", "Requires-Dist: zlib2\n")
      .add_pure("zlib2", "1")
      .add_pure("other", "1");
  EXPECT_EQ(resolve_to_text(builder.build(), {"app", "other"}), "other 1, zlib2 1, mid 1, app 1");
}

TEST(Resolver, GoesBackToAnEarlierChoice) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Dist: c<2\n")
      .add_pure("a", "1")
      .add_pure("b", "1", "Requires-Dist: c>=2\n")
      .add_pure("c", "1")
      .add_pure("c", "2");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "c 1, a 2");
  EXPECT_EQ(resolve_to_text(catalog, {"a", "b"}), "a 1, c 2, b 1");
}

TEST(Resolver, GivesUpAVersionWhoseDependencyIsMissing) {
  CatalogBuilder builder;
  builder.add_pure("a", "3", "Requires-Dist: nowhere\n")
      .add_pure("a", "2", "Requires-Dist: b>=9\n")
      .add_pure("a", "1", "Requires-Dist: b\n")
      .add_pure("b", "1");
  EXPECT_EQ(resolve_to_text(builder.build(), {"a"}), "b 1, a 1");
}

TEST(Resolver, ConstrainsFromSeveralSides) {
  CatalogBuilder builder;
  for (const char* version : {"1", "2", "3", "4", "5"}) builder.add_pure("base", version);
  builder.add_pure("left", "1", "Requires-Dist: base>=2\n")
      .add_pure("right", "1", "Requires-Dist: base<5,!=4\n");
  EXPECT_EQ(resolve_to_text(builder.build(), {"left", "right"}), "base 3, left 1, right 1");
}

TEST(Resolver, FollowsExtras) {
  CatalogBuilder builder;
  builder
      .add_pure("a", "1",
                "Provides-Extra: fast\nProvides-Extra: all\nRequires-Dist: plain\n"
                "Requires-Dist: quick; extra == \"fast\"\nRequires-Dist: a[fast]; extra == 'All'\n"
                "Requires-Dist: never; extra == \"fast\" and sys_platform == \"win32\"\n")
      .add_pure("plain", "1")
      .add_pure("quick", "1")
      .add_pure("user", "1", "Requires-Dist: a[fast]\n");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "plain 1, a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"a[fast]"}), "plain 1, quick 1, a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"a[ALL]"}), "plain 1, quick 1, a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"a", "user"}), "plain 1, quick 1, a 1, user 1");
  const auto lock = resolve(catalog, target_named("pyodide-0.29"), set_of({"a[all]", "user"}));
  ASSERT_TRUE(lock) << lock.error().text();
  ASSERT_EQ(lock->wheels.size(), 4U);
  EXPECT_THAT(lock->wheels[2].extras, ElementsAre("all", "fast"));
  EXPECT_THAT(lock->wheels[2].depends, ElementsAre("plain", "quick"));
  EXPECT_THAT(lock->wheels[3].depends, ElementsAre("a"));
}

// An extra that comes in after its project was decided can still undo that decision.
TEST(Resolver, LateExtraUndoesAChoice) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Dist: b<1; extra == 'x'\n")
      .add_pure("a", "1", "Requires-Dist: b; extra == 'x'\n")
      .add_pure("b", "1")
      .add_pure("z", "1", "Requires-Dist: a[x]\n")
      .add_pure("z", "2", "Requires-Dist: a[x]\n");
  EXPECT_EQ(resolve_to_text(builder.build(), {"a", "z"}), "b 1, a 1, z 2");
}

TEST(Resolver, EvaluatesMarkersOnTheTarget) {
  CatalogBuilder builder;
  builder
      .add_pure("a", "1",
                "Requires-Dist: browser; sys_platform == 'emscripten'\n"
                "Requires-Dist: native; sys_platform != 'emscripten'\n"
                "Requires-Dist: old; python_version < '3.10'\n")
      .add_pure("browser", "1")
      .add_pure("native", "1")
      .add_pure("old", "1");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "browser 1, a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"a"}, "cpython-3.9-linux-x86_64"), "native 1, old 1, a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"a", "absent; os_name == 'nt'"}), "browser 1, a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"absent; os_name == 'nt'"}), "");
}

TEST(Resolver, TakesPrereleasesOnlyWhenNamedOrNeeded) {
  CatalogBuilder builder;
  builder.add_pure("a", "1.0")
      .add_pure("a", "2.0a1")
      .add_pure("only", "1.0rc1")
      .add_pure("only", "1.0rc2")
      .add_pure("needs", "1", "Requires-Dist: a>=1.5\n")
      .add_pure("needs", "2", "Requires-Dist: a>=1.5\n")
      .add_pure("broken", "1", "Requires-Dist: nowhere\n")
      .add_pure("broken", "2.dev1");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "a 1.0");
  EXPECT_EQ(resolve_to_text(catalog, {"a>=1.0a1"}), "a 2.0a1");
  EXPECT_EQ(resolve_to_text(catalog, {"a==2.0a1"}), "a 2.0a1");
  EXPECT_EQ(resolve_to_text(catalog, {"a>1.0"}), "a 2.0a1") << "no final release fits";
  EXPECT_EQ(resolve_to_text(catalog, {"only"}), "only 1.0rc2");
  EXPECT_EQ(resolve_to_text(catalog, {"needs"}), "a 2.0a1, needs 2");
  EXPECT_THAT(resolve_to_text(catalog, {"broken"}), HasSubstr("broken can't be installed"))
      << "the final release meets all that is asked of it";
  EXPECT_EQ(resolve_to_text(catalog, {"broken>=2.dev0"}), "broken 2.dev1");
}

// Both welcome a pre-release only by what comes up after its project was decided.
TEST(Resolver, ReturnsToAPrereleaseThatIsWelcomeLater) {
  CatalogBuilder builder;
  builder.add_pure("a", "1").add_pure("a", "2a1").add_pure("b", "1", "Requires-Dist: a>1\n");
  builder.add_pure("c", "1").add_pure("c", "2a1").add_pure("d", "1", "Requires-Dist: c>=2a1\n");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a", "b"}), "a 2a1, b 1");
  EXPECT_EQ(resolve_to_text(catalog, {"c", "d"}), "c 2a1, d 1");
}

TEST(Resolver, ConstraintsBoundAndAskForNothing) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Dist: b\n")
      .add_pure("a", "1", "Requires-Dist: b\n")
      .add_pure("b", "3a1")
      .add_pure("b", "2")
      .add_pure("b", "1")
      .add_pure("c", "1");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, set_of({"a"}, {"b<2", "c"})), "b 1, a 2");
  EXPECT_EQ(resolve_to_text(catalog, set_of({"a"}, {"A<2"})), "b 2, a 1");
  EXPECT_EQ(resolve_to_text(catalog, set_of({"a"}, {"b<2; sys_platform == 'win32'"})), "b 2, a 2");
  EXPECT_EQ(resolve_to_text(catalog, set_of({"a"}, {"b>=3a1"})), "b 3a1, a 2");
  EXPECT_EQ(resolve_to_text(catalog, set_of({"c"}, {"nowhere==1"})), "c 1");
  const auto target = target_named("pyodide-0.29");
  const auto with_extra = resolve(catalog, target, set_of({"a"}, {"b[x]<2"}));
  ASSERT_FALSE(with_extra);
  EXPECT_EQ(with_extra.error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(with_extra.error().where, "b[x]<2");
}

TEST(Resolver, TakesOnlyWheelsWithAGivenHash) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Dist: b\n").add_pure("a", "1").add_pure("b", "1");
  const auto catalog = builder.build();
  auto set = set_of({"a"});
  set.hashes = {
      {"a", std::nullopt, {sha256("a-1-py3-none-any.whl").hex(), sha256("a-2-py3-none-any.whl").hex()}}};
  EXPECT_EQ(resolve_to_text(catalog, set), "a 1") << "b has no hash, so a 2 can't be";
  set.hashes.push_back({"b", std::nullopt, {sha256("b-1-py3-none-any.whl").hex()}});
  EXPECT_EQ(resolve_to_text(catalog, set), "b 1, a 2");
  set.hashes.front().sha256.erase(sha256("a-2-py3-none-any.whl").hex());
  EXPECT_EQ(resolve_to_text(catalog, set), "a 1");
}

TEST(Resolver, TakesYankedWheelsOnlyWhenPinned) {
  CatalogBuilder builder;
  builder.add_pure("a", "1").add_pure("a", "2").yank("broken").add_pure("b", "1", "Requires-Dist: a==2\n");
  builder.add("c-1-py3-none-any.whl").add("c-1-cp313-none-any.whl").yank();
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "a 1");
  EXPECT_EQ(resolve_to_text(catalog, {"a==2"}), "a 2");
  EXPECT_EQ(resolve_to_text(catalog, {"a===2"}), "a 2");
  EXPECT_EQ(resolve_to_text(catalog, set_of({"a"}, {"a==2"})), "a 2");
  EXPECT_THAT(resolve_to_text(catalog, {"a==2.*"}), HasSubstr("a 2 is yanked (\"broken\")"));
  EXPECT_THAT(resolve_to_text(catalog, {"a>=2"}), HasSubstr("a 2 is yanked"));
  EXPECT_THAT(resolve_to_text(catalog, {"b"}), HasSubstr("a 2 is yanked")) << "only what is asked pins";
  EXPECT_EQ(resolve_to_text(catalog, {"a==2", "b"}), "a 2, b 1");
  const auto target = target_named("pyodide-0.29");
  const auto yanked = resolve(catalog, target, set_of({"a==2"}));
  ASSERT_TRUE(yanked) << yanked.error().text();
  EXPECT_THAT(yanked->warnings, ElementsAre("a 2 is yanked (\"broken\")"));
  const auto other_file = resolve(catalog, target, set_of({"c==1"}));
  ASSERT_TRUE(other_file) << other_file.error().text();
  EXPECT_EQ(other_file->wheels.at(0).wheel->filename, "c-1-py3-none-any.whl") << "the other file is yanked";
}

TEST(Resolver, WarnsOfExtrasThatAreNotThere) {
  CatalogBuilder builder;
  builder.add_pure("a", "1", "Provides-Extra: fast\nProvides-Extra: slow\n")
      .add_pure("b", "1", "Requires-Dist: a; extra == 'old'\n")
      .add_pure("c", "1");
  const auto catalog = builder.build();
  const auto lock =
      resolve(catalog, target_named("pyodide-0.29"), set_of({"a[fast,fats]", "b[old]", "c[x]"}));
  ASSERT_TRUE(lock) << lock.error().text();
  EXPECT_THAT(lock->warnings, ElementsAre("a 1 has no extra 'fats'; it has fast and slow",
                                          "c 1 has no extra 'x'; it has none"));
}

TEST(Resolver, WarnsOfManyExtrasInAFewWords) {
  std::string provided;
  std::vector<std::string> asked;
  for (int i = 0; i < 100; ++i) provided += "Provides-Extra: p" + std::to_string(i) + "\n";
  for (int i = 0; i < 40; ++i) {
    std::string extras;
    for (int j = 0; j < 100; ++j) extras += (j == 0 ? "e" : ",e") + std::to_string(100 * i + j);
    asked.push_back("a[" + extras + "]");
  }
  CatalogBuilder builder;
  builder.add_pure("a", "1", provided);
  const auto lock = resolve(builder.build(), target_named("pyodide-0.29"), set_of(asked));
  ASSERT_TRUE(lock) << lock.error().text();
  ASSERT_EQ(lock->warnings.size(), 1U);
  EXPECT_LT(lock->warnings[0].size(), 500U);
  EXPECT_THAT(lock->warnings[0], HasSubstr("a 1 has no extras e0, e1, "));
  EXPECT_THAT(lock->warnings[0], HasSubstr(" and 3980 more; it has p0, p1, "));
}

// What is asked for comes before what is only needed, whatever the names; and then breadth first.
TEST(Resolver, PrefersHighVersionsOfWhatIsAskedFor) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Dist: z<2\n")
      .add_pure("a", "1", "Requires-Dist: z\n")
      .add_pure("m", "1", "Requires-Dist: a\n")
      .add_pure("z", "1")
      .add_pure("z", "2");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"m"}), "z 1, a 2, m 1") << "a comes up before z";
  EXPECT_EQ(resolve_to_text(catalog, {"m", "z"}), "z 2, a 1, m 1") << "z is asked for";
  EXPECT_EQ(resolve_to_text(catalog, {"a", "z"}), "z 1, a 2") << "both are";
}

TEST(Resolver, PrefersTheBestTagThenTheHighestBuild) {
  CatalogBuilder builder;
  builder.add("a-1.0-py3-none-any.whl")
      .add("a-1.0-cp313-cp313-pyodide_2025_0_wasm32.whl")
      .add("a-1.0-cp39-abi3-pyodide_2025_0_wasm32.whl")
      .add("b-1.0-py3-none-any.whl")
      .add("b-1.0-2-py3-none-any.whl")
      .add("b-1.0-10-py3-none-any.whl")
      .add("c-2.0-cp312-cp312-pyodide_2024_0_wasm32.whl")
      .add("c-1.0-cp313-none-any.whl");
  const auto catalog = builder.build();
  const auto lock = resolve(catalog, target_named("pyodide-0.29"), set_of({"a", "b", "c"}));
  ASSERT_TRUE(lock) << lock.error().text();
  ASSERT_EQ(lock->wheels.size(), 3U);
  EXPECT_EQ(lock->wheels[0].wheel->filename, "a-1.0-cp313-cp313-pyodide_2025_0_wasm32.whl");
  EXPECT_EQ(lock->wheels[1].wheel->filename, "b-1.0-10-py3-none-any.whl");
  EXPECT_EQ(lock->wheels[2].wheel->filename, "c-1.0-cp313-none-any.whl");
}

TEST(Resolver, RespectsRequiresPython) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Python: >=3.14\n").add_pure("a", "1", "Requires-Python: >=3.8,<4\n");
  EXPECT_EQ(resolve_to_text(builder.build(), {"a"}), "a 1");
  EXPECT_EQ(resolve_to_text(builder.build(), {"a"}, "pyodide-314"), "a 2");
}

TEST(Resolver, FollowsTheDistributionsDepends) {
  CatalogBuilder builder;
  builder.add("cv-4-cp313-cp313-pyodide_2025_0_wasm32.whl", "", {"libffi", "not-here", "cv"})
      .add_shared_library("libffi", "3.4", {"libbase"})
      .add_shared_library("libbase", "1")
      .add_pure("pure", "1")
      .add("mixed-1-py3-none-any.whl", "", {"libffi"});
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"cv"}), "libbase 1, libffi 3.4, cv 4");
  EXPECT_EQ(resolve_to_text(catalog, {"mixed"}, "cpython-3.13-linux-x86_64"), "mixed 1")
      << "shared libraries of Pyodide are nothing to CPython";
  EXPECT_THAT(resolve_to_text(catalog, {"libffi"}, "cpython-3.13-linux-x86_64"),
              HasSubstr("No wheel of libffi fits"));
}

TEST(Resolver, AcceptsCycles) {
  CatalogBuilder builder;
  builder.add_pure("c", "1", "Requires-Dist: b\n")
      .add_pure("b", "1", "Requires-Dist: c\nRequires-Dist: x\n")
      .add_pure("a", "1", "Requires-Dist: c\n")
      .add_pure("self", "1", "Requires-Dist: self\n")
      .add_pure("x", "1");
  const auto catalog = builder.build();
  EXPECT_EQ(resolve_to_text(catalog, {"a"}), "x 1, b 1, c 1, a 1");
  const auto lock = resolve(catalog, target_named("pyodide-0.29"), set_of({"self"}));
  ASSERT_TRUE(lock) << lock.error().text();
  EXPECT_THAT(lock->wheels.at(0).depends, IsEmpty());
}

TEST(Resolver, IsTheSameInEveryOrder) {
  CatalogBuilder builder;
  builder.add_pure("a", "2", "Requires-Dist: b<2\n")
      .add_pure("a", "1")
      .add_pure("b", "1")
      .add_pure("b", "2", "Requires-Dist: a<2\n");
  const auto catalog = builder.build();
  const std::string expected = resolve_to_text(catalog, {"a", "b"});
  EXPECT_EQ(expected, "b 1, a 2");
  EXPECT_EQ(resolve_to_text(catalog, {"b", "a", "b"}), expected);
}

TEST(Resolver, CanonicalSetNormalizesSortsAndDropsRepeats) {
  EXPECT_THAT(canonical_set(set_of({"Foo_Bar >= 1", "b[ y,X ]", "foo.bar>=1 ", "a ;python_version>'3'"})),
              ElementsAre("a; python_version > \"3\"", "b[x,y]", "foo-bar>=1"));
  CatalogBuilder builder;
  builder.add_pure("a", "1");
  const auto lock = resolve(builder.build(), target_named("pyodide-0.29"), set_of({"A>0", "a"}));
  ASSERT_TRUE(lock) << lock.error().text();
  EXPECT_EQ(lock->target, "pyodide-0.29");
  EXPECT_THAT(lock->requirements, ElementsAre("a>0"));
}

TEST(Resolver, CanonicalSetMergesWhatAgreesInExtrasAndMarker) {
  auto set = set_of({"numpy<3", "b", "numpy>=1", "numpy[x]>=1", "numpy>2; os_name == 'nt'", "numpy!=2"},
                    {"b<2", "B>1", "a"});
  set.hashes = {{"b", std::nullopt, {"22", "11"}}};
  EXPECT_THAT(canonical_set(set),
              ElementsAre("b", "numpy!=2,<3,>=1", "numpy>2; os_name == \"nt\"", "numpy[x]>=1", "-c a",
                          "-c b<2,>1", "--hash b sha256:11 sha256:22"));
  EXPECT_EQ(canonical_set(canonical(set)), canonical_set(set));
}

TEST(Resolver, RefusesWhatItCantLookUp) {
  CatalogBuilder builder;
  builder.add_pure("a", "1");
  const auto catalog = builder.build();
  const auto target = target_named("pyodide-0.29");
  const auto empty = resolve(catalog, target, {});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().kind, ErrorKind::invalid_input);
  const auto direct = resolve(catalog, target, set_of({"a @ https://example.org/a-1-py3-none-any.whl"}));
  ASSERT_FALSE(direct);
  EXPECT_EQ(direct.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(direct.error().message, HasSubstr("wheelhouse"));
}

// Pigeons and holes: every project must have another version than all others, and there is one version too
// few. The proof needs more or less every combination.
TEST(Resolver, GivesUpAfterSoManySteps) {
  constexpr int projects = 6;
  const auto name = [](int project) { return "p" + std::to_string(project); };
  const auto metadata = [&](int project, int version) {
    std::string lines;
    for (int other = 0; other < projects; ++other) {
      if (other != project) lines += "Requires-Dist: " + name(other) + "!=" + std::to_string(version) + "\n";
    }
    return lines;
  };
  CatalogBuilder builder;
  for (int project = 0; project < projects; ++project) {
    for (int version = 1; version < projects; ++version) {
      builder.add_pure(name(project), std::to_string(version), metadata(project, version));
    }
  }
  const auto target = target_named("pyodide-0.29");
  const auto asked = set_of({"p0"});
  constexpr std::size_t few_steps = 50;
  const auto given_up = resolve(builder.build(), target, asked, few_steps);
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().kind, ErrorKind::limit) << given_up.error().message;
  EXPECT_EQ(
      given_up.error().message,
      "no answer after trying 50 wheels; the search got stuck most often on p5: narrow the requirements "
      "there, for example by pinning versions");
  EXPECT_THAT(given_up.error().derivation.stuck_on, ElementsAre("p5"));
  const auto impossible = resolve(builder.build(), target, asked);
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().kind, ErrorKind::unsatisfiable) << impossible.error().message;
  builder.add_pure(name(projects - 1), std::to_string(projects), metadata(projects - 1, projects));
  EXPECT_TRUE(resolve(builder.build(), target, asked));
}

// Each line must allow the wheel; a line whose marker doesn't hold says nothing.
TEST(Resolver, TakesWheelsThatEveryLineOfHashesAllows) {
  CatalogBuilder builder;
  builder.add_pure("a", "1").add_pure("a", "2");
  const auto catalog = builder.build();
  const auto hash_of = [&](std::size_t place) { return catalog.wheels()[place]->sha256.hex(); };
  const auto marker = [](const char* text) { return *packaging::Marker::parse(text); };
  packaging::RequirementSet set = set_of({"a"});
  set.hashes = {{"a", std::nullopt, {hash_of(0), hash_of(1)}}, {"a", std::nullopt, {hash_of(1)}}};
  EXPECT_EQ(resolve_to_text(catalog, set), "a 1");
  set.hashes = {{"a", std::nullopt, {hash_of(0)}}, {"a", std::nullopt, {hash_of(1)}}};
  EXPECT_THAT(resolve_to_text(catalog, set), HasSubstr("has none of the hashes given"));
  set.hashes = {{"a", marker("python_version < '3'"), {hash_of(1)}}, {"a", std::nullopt, {hash_of(0)}}};
  EXPECT_EQ(resolve_to_text(catalog, set), "a 2");
  set.hashes.pop_back();
  EXPECT_EQ(resolve_to_text(catalog, set), "a 2");
}

TEST(Resolver, SaysThatAUrlOfADependencyIsNotFollowed) {
  CatalogBuilder builder;
  builder.add_pure("a", "1", "Requires-Dist: b @ https://example.org/b-9-py3-none-any.whl\n")
      .add_pure("b", "1");
  const auto lock = resolve(builder.build(), target_named("pyodide-0.29"), set_of({"a"}));
  ASSERT_TRUE(lock);
  EXPECT_THAT(lock->warnings, ElementsAre("a 1 asks for b from https://example.org/b-9-py3-none-any.whl, and "
                                          "gets the wheelhouse's"));
}

TEST(Resolver, CountsAPythonBeforeItsReleaseAsReleased) {
  CatalogBuilder builder;
  builder.add_pure("a", "1", "Requires-Python: >=3.15\n");
  const auto target = packaging::Target::make("early", "3.15.0rc1", {});
  EXPECT_TRUE(resolve(builder.build(), *target, set_of({"a"})));
}

}  // namespace
}  // namespace wheelbarrow::resolver
