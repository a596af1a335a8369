// What is said about bad input: what was expected, at which column of the text that was given, and what
// stands there instead.
#include <gtest/gtest.h>

#include "packaging/metadata.hpp"
#include "packaging/target.hpp"
#include "packaging/wheel_filename.hpp"

namespace wheelbarrow::packaging {
namespace {

struct Mistake {
  const char* text;
  const char* message;
};

template <class Parse, std::size_t count>
void expect_messages(Parse parse, const Mistake (&mistakes)[count]) {
  for (const auto& [text, message] : mistakes) {
    const auto parsed = parse(text);
    if (parsed) {
      ADD_FAILURE() << text << " was taken";
      continue;
    }
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_input) << text;
    EXPECT_EQ(parsed.error().text(), message) << text;
  }
}

TEST(Mistakes, OfVersionsAreShown) {
  constexpr Mistake mistakes[] = {
      {"", "expected a version such as 1.0 at column 1, where the text ends"},
      {"  ", "expected a version such as 1.0 at column 3, where the text ends"},
      {"latest", "expected a version such as 1.0 at column 1, found 'latest'"},
      {".5", "expected a version such as 1.0 at column 1, found '.5'"},
      {"1.",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 2, found '.'"},
      {"1..2",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 2, found '..2'"},
      {"1.0x",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 4, found 'x'"},
      {"1.0 beta",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 5, found 'beta'"},
      {"1.0--1",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 4, found '--1'"},
      {"1.0a1b2",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 6, found 'b2'"},
      {"1.0.dev1.post1",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 9, found "
       "'.post1'"},
      {"1.0+", "expected a letter or digit of the local part at column 5, where the text ends"},
      {"1.0+a..b",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 6, found '..b'"},
      {"1.0+a+b",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 6, found '+b'"},
      {"1!", "expected a release number after the epoch at column 3, where the text ends"},
      {"1!2!3",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 4, found '!3'"},
      {"1.*",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 2, found '.*'"},
      {"1.18446744073709551616",
       "expected a number of at most 64 bits at column 3, found '18446744073709551616'"},
      {"1.0\xC3\xA9",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 4, found "
       "'\xC3\xA9'"},
  };
  expect_messages(Version::parse, mistakes);
}

// So that a message can go into JSON.
TEST(Mistakes, AreShownAsUtf8) {
  constexpr Mistake mistakes[] = {
      {"\xE9", "expected a version such as 1.0 at column 1, found '\xEF\xBF\xBD'"},
      {"a\nb", "expected a version such as 1.0 at column 1, found 'a?b'"},
      {"twenty bytes, not \xC3\xA9\xC3\xA9",
       "expected a version such as 1.0 at column 1, found 'twenty bytes, not \xC3\xA9...'"},
      {"twenty bytes, not o\xC3\xA9",
       "expected a version such as 1.0 at column 1, found 'twenty bytes, not o...'"},
  };
  expect_messages(Version::parse, mistakes);
}

TEST(Mistakes, OfSpecifiersAreShown) {
  constexpr Mistake mistakes[] = {
      {"1.0", "expected a comparison such as '>=' at column 1, found '1.0'"},
      {"=1.0", "expected '==' or '>=' at column 1, found '=1.0'"},
      {"=>1.0", "expected '==' or '>=' at column 1, found '=>1.0'"},
      {">=", "expected a version after '>=' at column 3, where the text ends"},
      {">=latest", "expected a version after '>=' at column 3, found 'latest'"},
      {">=1.0x",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 6, found 'x'"},
      {">=1.0 <2", "expected ',' or the end of the specifier at column 7, found '<2'"},
      {">=1.0,,<2", "expected a comparison such as '>=' after ',' at column 7, found ',<2'"},
      {">=1.0,2", "expected a comparison such as '>=' after ',' at column 7, found '2'"},
      {">=1.0,<", "expected a version after '<' at column 8, where the text ends"},
      {">=1.*", "expected a version without '.*' after '>=' at column 4, found '.*'"},
      {"~=1",
       "expected a second release number such as the 0 of 1.0 after '~=' at column 4, where the text ends"},
      {"==1.0a1.*", "expected only release numbers before '.*' after '==' at column 6, found 'a1.*'"},
      {"==1.0.*.1",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 8, found '.1'"},
      {"<1.0+local", "expected a version without a local part after '<' at column 5, found '+local'"},
      {"===", "expected a version after '===' at column 4, where the text ends"},
      {"=== a~b", "expected ',' or the end of the specifier at column 6, found '~b'"},
      {">=1!", "expected a release number after the epoch at column 5, where the text ends"},
      {"==18446744073709551616",
       "expected a number of at most 64 bits at column 3, found '18446744073709551616'"},
  };
  expect_messages(SpecifierSet::parse, mistakes);
}

TEST(Mistakes, OfRequirementsAreShown) {
  constexpr Mistake mistakes[] = {
      {"", "expected a project name at column 1, where the text ends"},
      {"-numpy", "expected a project name at column 1, found '-numpy'"},
      {"numpy-", "expected a letter or digit at the end of the name at column 6, found '-'"},
      {"numpy >=", "expected a version after '>=' at column 9, where the text ends"},
      {"numpy >= ", "expected a version after '>=' at column 10, where the text ends"},
      {"numpy>=1.x",
       "expected the end of the version or a suffix such as rc1, .post1 or +local at column 9, found '.x'"},
      {"numpy 2",
       "expected an extra in '[]', a comparison such as '>=', '@', ';' or the end at column 7, found '2'"},
      {"numpy=2", "expected '==' or '>=' at column 6, found '=2'"},
      {"numpy>=1.0 2", "expected ',', ';' or the end of the requirement at column 12, found '2'"},
      {"numpy>=1,,<2", "expected a comparison such as '>=' after ',' at column 10, found ',<2'"},
      {"lxml[html5", "expected ',' or ']' at column 11, where the text ends"},
      {"lxml[html5,]", "expected the name of an extra at column 12, found ']'"},
      {"lxml[a b]", "expected ',' or ']' at column 8, found 'b]'"},
      {"lxml]",
       "expected an extra in '[]', a comparison such as '>=', '@', ';' or the end at column 5, found ']'"},
      {"numpy (>=1", "expected ',' or ')' at column 11, where the text ends"},
      {"numpy (1)", "expected a comparison such as '>=' or ')' at column 8, found '1)'"},
      {"numpy @", "expected a URL after '@' at column 8, where the text ends"},
      {"numpy @ wheels/numpy.whl", "expected a URL after '@' at column 9, found 'wheels/numpy.whl'"},
      {"numpy @ https://x y",
       "expected ';' after a space, or the end of the requirement at column 19, found 'y'"},
      {"numpy; ",
       "expected a variable such as python_version or a quoted string at column 8, where the text ends"},
      {"numpy>=1; python_version > 3",
       "expected a variable such as python_version or a quoted string at column 28, found '3'"},
      {"numpy>=1; os_name = 'nt'", "expected '==' or '>=' at column 19, found \"= 'nt'\""},
      {"numpy\n",
       "expected an extra in '[]', a comparison such as '>=', '@', ';' or the end at column 6, found '?'"},
      {"caf\xC3\xA9",
       "expected an extra in '[]', a comparison such as '>=', '@', ';' or the end at column 4, found "
       "'\xC3\xA9'"},
  };
  expect_messages(Requirement::parse, mistakes);
}

TEST(Mistakes, OfMarkersAreShown) {
  constexpr Mistake mistakes[] = {
      {"", "expected a variable such as python_version or a quoted string at column 1, where the text ends"},
      {"python_version", "expected a comparison such as '==' or 'in' at column 15, where the text ends"},
      {"python_version >",
       "expected a variable such as python_version or a quoted string at column 17, where the text ends"},
      {"python_version > 3",
       "expected a variable such as python_version or a quoted string at column 18, found '3'"},
      {"python_versions > '3'",
       "expected a variable such as python_version or a quoted string at column 1, found \"python_versions > "
       "'3...\""},
      {"os_name = 'a'", "expected '==' or '>=' at column 9, found \"= 'a'\""},
      {"os_name == 'a", "expected a string with a closing quote at column 12, found \"'a\""},
      {"os_name == \"a'", "expected a string with a closing quote at column 12, found '\"a''"},
      {"os_name == 'a\\nb'",
       "expected printable ASCII without '\\' in a string at column 14, found \"\\nb'\""},
      {"os_name not 'a'", "expected 'in' after 'not' at column 13, found \"'a'\""},
      {"os_name is 'a'", "expected a comparison such as '==' or 'in' at column 9, found \"is 'a'\""},
      {"'a' == 'b'",
       "expected a comparison with a variable such as python_version at column 1, found \"'a' == 'b'\""},
      {"python_version ~= 'new'",
       "expected a version with two numbers or more, such as '3.9', after '~=' at column 19, found "
       "\"'new'\""},
      {"(os_name == 'a'", "expected ')', 'and' or 'or' at column 16, where the text ends"},
      {"os_name == 'a')", "expected 'and', 'or' or the end of the marker at column 15, found ')'"},
      {"os_name == 'a' and",
       "expected a variable such as python_version or a quoted string at column 19, where the text ends"},
      {"os_name == 'a' && os_name == 'b'",
       "expected 'and', 'or' or the end of the marker at column 16, found \"&& os_name == 'b'\""},
      {"os_name == 'a' os_name == 'b'",
       "expected 'and', 'or' or the end of the marker at column 16, found \"os_name == 'b'\""},
      {"not os_name == 'a'",
       "expected a variable such as python_version or a quoted string at column 1, found \"not os_name == "
       "'a'\""},
  };
  expect_messages(Marker::parse, mistakes);
}

TEST(Mistakes, OfFileNamesAreShown) {
  constexpr Mistake mistakes[] = {
      {"numpy-2.0.tar.gz",
       "'numpy-2.0.tar.gz' is not a wheel's file name (PEP 427): it does not end in .whl"},
      {"numpy-2.0-cp313.whl",
       "'numpy-2.0-cp313.whl' is not a wheel's file name (PEP 427): it has 3 parts between dashes, not "
       "name-version[-build]-python-abi-platform"},
      {"my-numpy-2.0-1-cp313-cp313-linux_x86_64.whl",
       "'my-numpy-2.0-1-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): it has 7 parts "
       "between dashes, not name-version[-build]-python-abi-platform"},
      {"_numpy-2.0-cp313-cp313-linux_x86_64.whl",
       "'_numpy-2.0-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected a project "
       "name at column 1, found '_numpy-2.0-cp313-cp3...'"},
      {"num__py-2.0-cp313-cp313-linux_x86_64.whl",
       "'num__py-2.0-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected a single "
       "'_' in an escaped name at column 5, found '_py-2.0-cp313-cp313-...'"},
      {"numpy-new-cp313-cp313-linux_x86_64.whl",
       "'numpy-new-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected a version "
       "such as 1.0 at column 7, found 'new-cp313-cp313-linu...'"},
      {"numpy-2.0x-cp313-cp313-linux_x86_64.whl",
       "'numpy-2.0x-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected the end of "
       "the version or a suffix such as rc1, .post1 or +local at column 10, found 'x-cp313-cp313-linux_...'"},
      {"numpy-2.0+-cp313-cp313-linux_x86_64.whl",
       "'numpy-2.0+-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected a letter or "
       "digit of the local part at column 11, found '-cp313-cp313-linux_x...'"},
      {"numpy-2.0-b1-cp313-cp313-linux_x86_64.whl",
       "'numpy-2.0-b1-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected a build "
       "tag that begins with a number of at most 64 bits at column 11, found 'b1-cp313-cp313-linux...'"},
      {"numpy-2.0-1 b-cp313-cp313-linux_x86_64.whl",
       "'numpy-2.0-1 b-cp313-cp313-linux_x86_64.whl' is not a wheel's file name (PEP 427): expected letters, "
       "digits, '_' and '.' in the build tag at column 12, found ' b-cp313-cp313-linux...'"},
      {"numpy-2.0-cp313--linux_x86_64.whl",
       "'numpy-2.0-cp313--linux_x86_64.whl' is not a wheel's file name (PEP 427): expected an ABI tag such "
       "as none at column 17, found '-linux_x86_64.whl'"},
      {"numpy-2.0-cp313-cp313-linux x86.whl",
       "'numpy-2.0-cp313-cp313-linux x86.whl' is not a wheel's file name (PEP 427): expected the end of the "
       "platform tag, or '.' and another at column 28, found ' x86.whl'"},
      {"numpy-2.0-py2.-none-any.whl",
       "'numpy-2.0-py2.-none-any.whl' is not a wheel's file name (PEP 427): expected a Python tag such as "
       "py3 at column 15, found '-none-any.whl'"},
  };
  expect_messages(parse_wheel_filename, mistakes);
}

TEST(Mistakes, OfTagsAreShown) {
  constexpr Mistake mistakes[] = {
      {"", "expected a Python tag such as py3 at column 1, where the text ends"},
      {"py3", "expected '-' and an ABI tag such as none at column 4, where the text ends"},
      {"py3-none", "expected '-' and a platform tag such as any at column 9, where the text ends"},
      {"py3-none-", "expected a platform tag such as any at column 10, where the text ends"},
      {"py3..py2-none-any", "expected a Python tag such as py3 at column 5, found '.py2-none-any'"},
      {"py3-none-any-x", "expected the end of the platform tag, or '.' and another at column 13, found '-x'"},
      {"py3-none-linux/x86",
       "expected the end of the platform tag, or '.' and another at column 15, found '/x86'"},
  };
  expect_messages([](std::string_view text) { return parse_tag(text); }, mistakes);
}

TEST(Mistakes, OfMetadataAreShown) {
  constexpr Mistake mistakes[] = {
      {"", "the metadata has no Metadata-Version"},
      {" Name: a\n", "line 1 continues a field, but none precedes it"},
      {"Metadata-Version: 3.0\nName: a\nVersion: 1\n",
       "Metadata-Version '3.0' is not supported; 1.x and 2.x are"},
      {"Metadata-Version: two\nName: a\nVersion: 1\n",
       "Metadata-Version: 'two': expected a version such as 1.0 at column 1, found 'two'"},
      {"Metadata-Version: 2.1\nVersion: 1\n", "the metadata has no Name"},
      {"Metadata-Version: 2.1\nName: a b\nVersion: 1\n",
       "Name: 'a b': expected only letters, digits, '.', '_' and '-' in a name at column 2, found ' b'"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1.x\n",
       "Version: '1.x': expected the end of the version or a suffix such as rc1, .post1 or +local at column "
       "2, found '.x'"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Python: 3\n",
       "Requires-Python: '3': expected a comparison such as '>=' at column 1, found '3'"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Python: >=3.x\n",
       "Requires-Python: '>=3.x': expected the end of the version or a suffix such as rc1, .post1 or +local "
       "at column 4, found '.x'"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b >=\n",
       "Requires-Dist: 'b >=': expected a version after '>=' at column 5, where the text ends"},
      {"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b; python_version\n",
       "Requires-Dist: 'b; python_version': expected a comparison such as '==' or 'in' at column 18, where "
       "the text ends"},
  };
  expect_messages(parse_metadata, mistakes);
}

TEST(Mistakes, OfTargetsAreShown) {
  constexpr Mistake mistakes[] = {
      {"3", "'3' is not a Python version such as 3.13 or 3.13.2"},
      {"3.x",
       "'3.x' is not a Python version: expected the end of the version or a suffix such as rc1, .post1 or "
       "+local at column 2, found '.x'"},
      {"three", "'three' is not a Python version: expected a version such as 1.0 at column 1, found 'three'"},
      {"3.13.post1", "'3.13.post1' is not a Python version such as 3.13 or 3.13.2"},
  };
  expect_messages([](std::string_view text) { return Target::make("t", text, {}); }, mistakes);
}

}  // namespace
}  // namespace wheelbarrow::packaging
