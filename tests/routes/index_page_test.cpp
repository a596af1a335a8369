#include "routes/index_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

namespace wheelbarrow::routes {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using wheelhouse::Catalog;
using wheelhouse::Wheel;
using wheelhouse::WheelPtr;

constexpr std::time_t moment = 1'700'000'000;  // 2023-11-14T22:13:20Z
constexpr std::string_view base = "https://h:1/p";

Wheel wheel(const std::string& filename, const std::string& requires_python = "") {
  Wheel made;
  made.filename = filename;
  made.sha256 = sha256(filename);
  made.size = 1234;
  made.modified = moment;
  made.parsed = packaging::parse_wheel_filename(filename).value();
  made.metadata.requires_python = packaging::SpecifierSet::parse(requires_python).value();
  made.metadata_text = "Name: " + filename;
  return made;
}

template <class... Wheels>
std::vector<WheelPtr> list(Wheels... wheels) {
  return {std::make_shared<const Wheel>(std::move(wheels))...};
}

Catalog catalog_of(std::vector<WheelPtr> wheels) {
  return Catalog({.wheels = std::move(wheels), .refusals = {}, .pyodide = {}});
}

std::vector<std::string> filenames(const std::vector<WheelPtr>& files) {
  std::vector<std::string> names;
  for (const WheelPtr& file : files) {
    names.push_back(file->filename);
  }
  return names;
}

// The only file of a project's JSON.
json::object only_file(Wheel described) {
  const json::value answer = json::parse(project_json("demo", list(std::move(described)), base));
  return answer.at("files").at(0).as_object();
}

TEST(IndexPage, ListsVersionsFromLowToHighAndFilesByName) {
  const auto catalog =
      catalog_of(list(wheel("demo-1.10-py3-none-any.whl"), wheel("demo-1.9-py3-none-any.whl"),
                      wheel("demo-1.10-cp313-none-any.whl"), wheel("demo-2.0a1-py3-none-any.whl"),
                      wheel("other-1.0-py3-none-any.whl")));
  EXPECT_THAT(filenames(index_files(catalog, "demo", nullptr)),
              ElementsAre("demo-1.9-py3-none-any.whl", "demo-1.10-cp313-none-any.whl",
                          "demo-1.10-py3-none-any.whl", "demo-2.0a1-py3-none-any.whl"));
  EXPECT_THAT(index_files(catalog, "absent", nullptr), IsEmpty());
  EXPECT_THAT(index_projects(catalog, nullptr), ElementsAre("demo", "other"));
}

TEST(IndexPage, ATargetNarrowsTheList) {
  const auto catalog = catalog_of(
      list(wheel("demo-1.0-cp313-cp313-pyodide_2025_0_wasm32.whl"),
           wheel("demo-1.0-cp312-cp312-win_amd64.whl"), wheel("demo-1.0-py3-none-any.whl"),
           wheel("demo-2.0-py3-none-any.whl", ">=3.14"), wheel("elsewhere-1.0-cp312-cp312-win_amd64.whl")));
  const packaging::Target* target = packaging::find_target("pyodide-0.29");
  ASSERT_NE(target, nullptr);
  EXPECT_THAT(filenames(index_files(catalog, "demo", target)),
              ElementsAre("demo-1.0-cp313-cp313-pyodide_2025_0_wasm32.whl", "demo-1.0-py3-none-any.whl"));
  EXPECT_THAT(index_projects(catalog, target), ElementsAre("demo"));
}

TEST(IndexPage, LeavesOutArchivesThatAreNoWheels) {
  Wheel library = wheel("lib-1.0-py3-none-any.whl");
  library.kind = wheelhouse::WheelKind::shared_library;
  const auto catalog = catalog_of(list(std::move(library), wheel("demo-1.0-py3-none-any.whl")));
  EXPECT_THAT(index_projects(catalog, nullptr), ElementsAre("demo"));
  EXPECT_THAT(index_files(catalog, "lib", nullptr), IsEmpty());
}

TEST(IndexPage, DescribesAFileInJson) {
  const std::string filename = "demo-1.0+local-py3-none-any.whl";
  const std::string hash = sha256(filename).hex();
  EXPECT_EQ(json::value(only_file(wheel(filename, ">=3.8,<4"))),
            (json::value{{"filename", filename},
                         {"url", "https://h:1/p/wheels/" + hash + "/demo-1.0%2Blocal-py3-none-any.whl"},
                         {"hashes", {{"sha256", hash}}},
                         {"requires-python", "<4,>=3.8"},
                         {"size", 1234},
                         {"upload-time", "2023-11-14T22:13:20.000000Z"},
                         {"core-metadata", {{"sha256", sha256("Name: " + filename).hex()}}},
                         {"yanked", false}}));
}

TEST(IndexPage, SaysInJsonWhatIsYanked) {
  Wheel yanked = wheel("demo-1.0-py3-none-any.whl");
  yanked.yanked = "";
  EXPECT_EQ(only_file(yanked).at("yanked"), json::value(true)) << "an empty text would be falsy";
  yanked.yanked = "said \"no\" <b>";
  EXPECT_EQ(only_file(yanked).at("yanked"), json::value("said \"no\" <b>"));
}

TEST(IndexPage, TellsTheFilesTime) {
  const struct {
    std::time_t modified;
    const char* expected;  // null: none
  } cases[] = {
      {0, "1970-01-01T00:00:00.000000Z"},
      {-1, "1969-12-31T23:59:59.000000Z"},
      {951'782'400, "2000-02-29T00:00:00.000000Z"},
      {253'402'300'799, "9999-12-31T23:59:59.000000Z"},
      {253'402'300'800, nullptr},
      {-62'167'219'200, "0000-01-01T00:00:00.000000Z"},
      {-62'167'219'201, nullptr},
  };
  for (const auto& [modified, expected] : cases) {
    Wheel described = wheel("demo-1.0-py3-none-any.whl");
    described.modified = modified;
    const json::object file = only_file(std::move(described));
    ASSERT_EQ(file.contains("upload-time"), expected != nullptr) << modified;
    if (expected != nullptr) {
      EXPECT_EQ(file.at("upload-time"), json::value(expected));
    }
  }
}

TEST(IndexPage, NamesEachVersionOnce) {
  const auto files = list(wheel("demo-1.0-py3-none-any.whl"), wheel("demo-1.0.0-cp313-none-any.whl"),
                          wheel("demo-1!0.5RC1-py3-none-any.whl"));
  const json::value answer = json::parse(project_json("demo", files, base));
  EXPECT_EQ(answer.at("meta").at("api-version"), json::value("1.1"));
  EXPECT_EQ(answer.at("name"), json::value("demo"));
  EXPECT_EQ(answer.at("versions"), (json::value{"1.0", "1!0.5rc1"}));
  EXPECT_EQ(answer.at("files").as_array().size(), 3U);
}

TEST(IndexPage, MayBeEmpty) {
  EXPECT_EQ(json::parse(projects_json({})),
            (json::value{{"meta", {{"api-version", "1.1"}}}, {"projects", json::array()}}));
  const json::value none = json::parse(project_json("demo", {}, base));
  EXPECT_EQ(none.at("files"), json::value(json::array()));
  EXPECT_EQ(none.at("versions"), json::value(json::array()));
  EXPECT_THAT(projects_html({}, ""), Not(HasSubstr("<a")));
}

TEST(IndexPage, ListsProjects) {
  const std::vector<std::string_view> projects{"a", "b-c"};
  EXPECT_EQ(json::parse(projects_json(projects)),
            (json::value{{"meta", {{"api-version", "1.1"}}},
                         {"projects", json::array{{{"name", "a"}}, {{"name", "b-c"}}}}}));
  const std::string page = projects_html(projects, "");
  EXPECT_THAT(page, testing::StartsWith("<!DOCTYPE html>\n"));
  EXPECT_THAT(page, HasSubstr("<meta name=\"pypi:repository-version\" content=\"1.1\">"));
  EXPECT_THAT(page, HasSubstr("<a href=\"a/\">a</a><br>\n<a href=\"b-c/\">b-c</a><br>\n"));
  EXPECT_THAT(projects_html(projects, "?target=x&y"), HasSubstr("<a href=\"b-c/?target=x&amp;y\">b-c</a>"));
}

TEST(IndexPage, LinksToFilesInHtml) {
  const std::string filename = "demo-1.0+l-py3-none-any.whl";
  const std::string hash = sha256(filename).hex();
  const std::string metadata = "sha256=" + sha256("Name: " + filename).hex();
  Wheel described = wheel(filename, ">=3.8");
  const std::string href =
      "<a href=\"../../wheels/" + hash + "/demo-1.0%2Bl-py3-none-any.whl#sha256=" + hash + "\"";
  const std::string python = " data-requires-python=\"&gt;=3.8\"";
  const std::string rest =
      " data-core-metadata=\"" + metadata + "\" data-dist-info-metadata=\"" + metadata + "\"";
  const std::string end = ">demo-1.0+l-py3-none-any.whl</a><br>\n";
  EXPECT_THAT(project_html("demo", list(described)), HasSubstr(href + python + rest + end));
  described.yanked = "";
  EXPECT_THAT(project_html("demo", list(described)), HasSubstr(rest + " data-yanked=\"\"" + end));
  described.metadata.requires_python = {};
  described.yanked = "\"><script>'&";
  EXPECT_THAT(project_html("demo", list(described)),
              HasSubstr(href + rest + " data-yanked=\"&quot;&gt;&lt;script&gt;&#39;&amp;\"" + end));
}

}  // namespace
}  // namespace wheelbarrow::routes
