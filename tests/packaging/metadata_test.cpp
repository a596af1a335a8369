#include "packaging/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(HeaderFields, AreReadUpToTheBody) {
  const auto fields = parse_header_fields(
      "Wheel-Version: 1.0\r\nTag: py3-none-any\r\nLong: one\r\n   two\r\n\tthree\r\nEmpty:\r\nColon: "
      "a:b\r\n\r\nBody: no\r\n");
  ASSERT_TRUE(fields) << fields.error().text();
  EXPECT_THAT(*fields, ElementsAre(Pair("Wheel-Version", "1.0"), Pair("Tag", "py3-none-any"),
                                   Pair("Long", "one two three"), Pair("Empty", ""), Pair("Colon", "a:b")));
  EXPECT_THAT(parse_header_fields("").value(), IsEmpty());
  EXPECT_THAT(parse_header_fields("A: 1").value(), ElementsAre(Pair("A", "1")));
  EXPECT_THAT(parse_header_fields("\xEF\xBB\xBF"
                                  "A: 1\nnot a field\nB: 2\n")
                  .value(),
              ElementsAre(Pair("A", "1")))
      << "a line that is no field begins the body";
}

// As setuptools writes the empty lines of a licence.
TEST(HeaderFields, GoOnAfterALineOfWhiteSpace) {
  EXPECT_THAT(parse_header_fields("License: one\n        \n        two\n \nRequires-Dist: a\n").value(),
              ElementsAre(Pair("License", "one two"), Pair("Requires-Dist", "a")));
  EXPECT_THAT(parse_header_fields("Empty:\n\t\n x\n\nB: 2\n").value(), ElementsAre(Pair("Empty", "x")));
}

TEST(HeaderFields, AreBounded) {
  EXPECT_FALSE(parse_header_fields(" leading continuation\nA: 1\n"));
  std::string many;
  for (int i = 0; i < 100'001; ++i) many += "a:\n";
  const auto fields = parse_header_fields(many);
  ASSERT_FALSE(fields);
  EXPECT_EQ(fields.error().kind, ErrorKind::limit);
}

TEST(Metadata, IsParsed) {
  const auto metadata = parse_metadata(
      "Metadata-Version: 2.4\nName: Foo.Bar\nVersion: 1.0.RC1\nSummary: A thing\nX-Unknown: y\n"
      "Requires-Python: >=3.8, !=3.9.*,\nProvides-Extra: Fast_Mode\nProvides-Extra: "
      "fast-mode\nProvides-Extra: :bad\n"
      "Requires-Dist: PyMuPDF (>=1.19)\nrequires-dist: fs<3,>=2.2.0; extra == \"ufo\"\n\nDescription\n");
  ASSERT_TRUE(metadata) << metadata.error().text();
  EXPECT_EQ(metadata->metadata_version.str(), "2.4");
  EXPECT_EQ(metadata->name, "Foo.Bar");
  EXPECT_EQ(metadata->version.str(), "1.0rc1");
  EXPECT_EQ(metadata->summary, "A thing");
  EXPECT_EQ(metadata->requires_python.str(), "!=3.9.*,>=3.8");
  EXPECT_THAT(metadata->provides_extra, ElementsAre("fast-mode"));
  ASSERT_EQ(metadata->requires_dist.size(), 2U);
  EXPECT_EQ(metadata->requires_dist[0].str(), "pymupdf>=1.19");
  EXPECT_EQ(metadata->requires_dist[1].str(), "fs<3,>=2.2.0; extra == \"ufo\"");
}

TEST(Metadata, ToleratesWhatWasPublished) {
  const std::string head = "Metadata-Version: 2.1\nName: a\nVersion: 1\n";
  const std::pair<const char*, const char*> pythons[] = {
      {">=3.6.*", ">=3.6"}, {">=2.7.*,!=3.0.*, <4.*", "!=3.0.*,<4,>=2.7"}, {"", ""}};
  for (const auto& [text, expected] : pythons) {
    const auto metadata = parse_metadata(head + "Requires-Python: " + text + "\n");
    ASSERT_TRUE(metadata) << text << ": " << metadata.error().text();
    EXPECT_EQ(metadata->requires_python.str(), expected) << text;
  }
  const auto requirement = parse_metadata(head + "Requires-Dist: b (>=1.*, ==2.*); python_version >= '3'\n");
  ASSERT_TRUE(requirement) << requirement.error().text();
  EXPECT_EQ(requirement->requires_dist.at(0).str(), "b==2.*,>=1; python_version >= \"3\"");
  EXPECT_EQ(parse_metadata(head + "Summary: caf\xE9 \xC3\xA9 \xED\xA0\x80\n").value().summary,
            "caf\xEF\xBF\xBD \xC3\xA9 \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(parse_metadata("Metadata-Version: 1.0\nName: a\nVersion: 1\n"));
  EXPECT_TRUE(parse_metadata("Metadata-Version: 2.99\nName: a\nVersion: 1\n"));
}

TEST(Metadata, HasABoundedNumberOfRequirements) {
  std::string text = "Metadata-Version: 2.1\nName: a\nVersion: 1\n";
  for (int i = 0; i < 4000; ++i) text += "Requires-Dist: b\n";
  EXPECT_TRUE(parse_metadata(text));
  EXPECT_FALSE(parse_metadata(text + "Requires-Dist: b\n"));
}

TEST(Metadata, RefusesWithTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "the metadata has no Metadata-Version"},
      {"Name: a\nVersion: 1\n", "the metadata has no Metadata-Version"},
      {"Metadata-Version: 3.0\nName: a\nVersion: 1\n", "Metadata-Version '3.0' is not supported"},
      {"Metadata-Version: x\nName: a\nVersion: 1\n", "Metadata-Version"},
      {"Metadata-Version: 2.1\nVersion: 1\n", "the metadata has no Name"},
      {"Metadata-Version: 2.1\nName: a\nVersion:\n", "the metadata has no Version"},
      {"Metadata-Version: 2.1\nName: a b\nVersion: 1\n",
       "Name: 'a b': expected only letters, digits, '.', '_' and '-' in a name at column 2"},
      {"Metadata-Version: 2.1\nName: a\nVersion: one\n",
       "Version: 'one': expected a version such as 1.0 at column 1"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Python: 3\n", "Requires-Python: '3': expected"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b >=\n",
       "Requires-Dist: 'b >=': expected a version after '>=' at column 5"},
  };
  for (const auto& [text, message] : cases) {
    const auto metadata = parse_metadata(text);
    ASSERT_FALSE(metadata) << text;
    EXPECT_THAT(metadata.error().message, HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace wheelbarrow::packaging
