#include "wheelhouse/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wheelbarrow::wheelhouse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

WheelPtr wheel(const std::string& filename, const std::string& content,
               std::vector<std::string> depends = {}) {
  Wheel made;
  made.filename = filename;
  made.path = "/wheels/" + filename;
  made.sha256 = sha256(content);
  made.parsed = packaging::parse_wheel_filename(filename).value();
  made.distribution_depends = std::move(depends);
  return std::make_shared<const Wheel>(std::move(made));
}

std::vector<std::string> filenames(std::span<const WheelPtr> wheels) {
  std::vector<std::string> names;
  for (const WheelPtr& each : wheels) {
    names.push_back(each->filename);
  }
  return names;
}

Catalog::Parts parts(std::vector<WheelPtr> wheels) {
  return {.wheels = std::move(wheels), .refusals = {}, .pyodide = {}};
}

TEST(CatalogTest, OrdersByNameThenVersionFromHighToLowThenFilename) {
  const Catalog catalog(
      parts({wheel("b-1.0-py3-none-any.whl", "1"), wheel("a-1.9-py3-none-any.whl", "2"),
             wheel("a-1.10-py3-none-any.whl", "3"), wheel("a-1.10-cp313-none-any.whl", "4")}));
  EXPECT_THAT(filenames(catalog.wheels()), ElementsAre("a-1.10-cp313-none-any.whl", "a-1.10-py3-none-any.whl",
                                                       "a-1.9-py3-none-any.whl", "b-1.0-py3-none-any.whl"));
  EXPECT_THAT(filenames(catalog.project("a")),
              ElementsAre("a-1.10-cp313-none-any.whl", "a-1.10-py3-none-any.whl", "a-1.9-py3-none-any.whl"));
  EXPECT_THAT(filenames(catalog.project("b")), ElementsAre("b-1.0-py3-none-any.whl"));
  EXPECT_THAT(catalog.project("c"), IsEmpty());
}

TEST(CatalogTest, FindsByHash) {
  const Catalog catalog(parts({wheel("a-1.0-py3-none-any.whl", "1")}));
  ASSERT_NE(catalog.find(sha256("1")), nullptr);
  EXPECT_EQ(catalog.find(sha256("1"))->filename, "a-1.0-py3-none-any.whl");
  EXPECT_EQ(catalog.find(sha256("2")), nullptr);
}

TEST(CatalogTest, KeepsOneOfEachHash) {
  const Catalog catalog(parts({wheel("b-1.0-py3-none-any.whl", "1"), wheel("a-1.0-py3-none-any.whl", "1")}));
  EXPECT_THAT(filenames(catalog.wheels()), ElementsAre("a-1.0-py3-none-any.whl"));
  EXPECT_THAT(catalog.project("b"), IsEmpty());
}

TEST(CatalogTest, IdDependsOnContentAndOnNothingElse) {
  const auto a = wheel("a-1.0-py3-none-any.whl", "1");
  const auto b = wheel("b-1.0-py3-none-any.whl", "2");
  const Sha256 id = Catalog(parts({a, b})).id();
  EXPECT_EQ(Catalog(parts({b, a})).id(), id) << "the order of finding";
  auto moved = std::make_shared<Wheel>(*a);
  moved->path = "/elsewhere/a-1.0-py3-none-any.whl";
  EXPECT_EQ(Catalog(parts({moved, b})).id(), id) << "the folder";

  EXPECT_NE(Catalog(parts({a})).id(), id) << "a wheel less";
  EXPECT_NE(Catalog(parts({a, wheel("b-1.0-py3-none-any.whl", "3")})).id(), id) << "other bytes";
  EXPECT_NE(Catalog(parts({a, wheel("b-1.1-py3-none-any.whl", "2")})).id(), id) << "another file name";
  EXPECT_NE(Catalog(parts({a, wheel("b-1.0-py3-none-any.whl", "2", {"c"})})).id(), id) << "a dependency";
  auto yanked = std::make_shared<Wheel>(*a);
  yanked->yanked = "";
  const Sha256 yanked_id = Catalog(parts({yanked, b})).id();
  EXPECT_NE(yanked_id, id) << "a yank";
  yanked->yanked = "broken";
  EXPECT_NE(Catalog(parts({yanked, b})).id(), yanked_id) << "the reason of a yank";
  auto with_distribution = parts({a, b});
  with_distribution.pyodide =
      PyodideDistribution{"/pyodide", "{}", "2025_0", packaging::known_targets().front()};
  EXPECT_NE(Catalog(with_distribution).id(), id) << "a distribution";
  const Sha256 with_id = Catalog(with_distribution).id();
  with_distribution.pyodide->lock_text = "{ }";
  EXPECT_NE(Catalog(with_distribution).id(), with_id) << "the lock's text";
}

TEST(CatalogTest, MayBeEmpty) {
  const Catalog catalog(parts({}));
  EXPECT_THAT(catalog.wheels(), IsEmpty());
  EXPECT_THAT(catalog.project("a"), IsEmpty());
  EXPECT_EQ(catalog.id(), Catalog(parts({})).id());
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
