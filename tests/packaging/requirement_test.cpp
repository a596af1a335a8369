#include "packaging/requirement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

using ::testing::HasSubstr;

TEST(Requirement, IsNormalized) {
  const std::pair<const char*, const char*> cases[] = {
      {"numpy", "numpy"},
      {"  Foo.Bar_Baz ", "foo-bar-baz"},
      {"lxml[html5]>=5; python_version>='3.9'", "lxml[html5]>=5; python_version >= \"3.9\""},
      {"a[ Y , x_z ]", "a[x-z,y]"},
      {"a[]>1", "a>1"},
      {"PyMuPDF (>=1.19)", "pymupdf>=1.19"},
      {"a (>=1,<2) ; os_name == 'nt'", "a<2,>=1; os_name == \"nt\""},
      {"a ( )", "a"},
      {"fs<3,>=2.2.0; extra == \"ufo\"", "fs<3,>=2.2.0; extra == \"ufo\""},
      {"a>= 1.0 ,!=1.5", "a!=1.5,>=1.0"},
      {"a ~= 1.0.0", "a~=1.0.0"},
      {"a===weird", "a===weird"},
      {"a === x;os_name=='a'", "a===x ; os_name == \"a\""},
      {"pip @ https://example.org/pip-1-py3-none-any.whl#sha256=00",
       "pip @ https://example.org/pip-1-py3-none-any.whl#sha256=00"},
      {"a[x]@file:///a.whl ; os_name=='a'", "a[x] @ file:///a.whl ; os_name == \"a\""},
      {"a;python_version<'4' and (extra=='x' or extra=='y')",
       "a; python_version < \"4\" and (extra == \"x\" or extra == \"y\")"},
  };
  for (const auto& [text, normalized] : cases) {
    const auto requirement = Requirement::parse(text);
    ASSERT_TRUE(requirement) << text << ": " << requirement.error().text();
    EXPECT_EQ(requirement->str(), normalized) << text;
    const auto again = Requirement::parse(requirement->str());
    ASSERT_TRUE(again) << requirement->str();
    EXPECT_EQ(again->str(), normalized) << text;
  }
}

TEST(Requirement, HasParts) {
  const auto requirement = Requirement::parse("Foo[b,A] @ https://x/y ; extra == 'z'").value();
  EXPECT_EQ(requirement.name, "foo");
  EXPECT_EQ(requirement.extras, (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(requirement.url, "https://x/y");
  EXPECT_TRUE(requirement.specifier.empty());
  ASSERT_TRUE(requirement.marker);
  EXPECT_EQ(requirement.marker->str(), "extra == \"z\"");
}

TEST(Requirement, HasABoundedNumberOfExtras) {
  const auto with_extras = [](int count) {
    std::string text = "a[e0";
    for (int i = 1; i < count; ++i) text += ",e" + std::to_string(i);
    return Requirement::parse(text + "]");
  };
  EXPECT_TRUE(with_extras(256));
  EXPECT_FALSE(with_extras(257));
}

TEST(Requirement, ErrorsNameTheColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "expected a project name at column 1, where the text ends"},
      {"  ", "expected a project name at column 3"},
      {"-numpy", "expected a project name at column 1, found '-numpy'"},
      {"numpy-", "expected a letter or digit at the end of the name at column 6, found '-'"},
      {"numpy >=", "expected a version after '>=' at column 9, where the text ends"},
      {"numpy >= ,<2", "expected a version after '>=' at column 10"},
      {"numpy 2",
       "expected an extra in '[]', a comparison such as '>=', '@', ';' or the end at column 7, found '2'"},
      {"numpy>=1 2", "expected ',', ';' or the end of the requirement at column 10, found '2'"},
      {"numpy = 2", "at column 7"},
      {"lxml[a", "expected ',' or ']' at column 7"},
      {"lxml[a,]", "expected the name of an extra at column 8"},
      {"lxml[a b]", "expected ',' or ']' at column 8"},
      {"a (>=1", "expected ',' or ')' at column 7"},
      {"a (1)", "expected a comparison such as '>=' or ')' at column 4"},
      {"a @ ", "expected a URL after '@' at column 5"},
      {"a @ not-a-url", "expected a URL after '@' at column 5"},
      {"a @ https://x y", "expected ';' after a space, or the end of the requirement at column 15"},
      {"a; python_version > 3", "at column 21, found '3'"},
      {"a>=1; ", "expected a variable such as python_version or a quoted string at column 7"},
      {"a>=1;os_name=='x' extra", "at column 19"},
      {"a\xC3\xA9", "at column 2"},
  };
  for (const auto& [text, message] : cases) {
    const auto requirement = Requirement::parse(text);
    ASSERT_FALSE(requirement) << text;
    EXPECT_EQ(requirement.error().kind, ErrorKind::invalid_input) << text;
    EXPECT_THAT(requirement.error().message, HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace wheelbarrow::packaging
