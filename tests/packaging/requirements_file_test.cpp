#include "packaging/requirements_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

using ::testing::HasSubstr;

std::string read(std::string_view text) {
  const auto requirements = parse_requirements_file(text, "r.txt");
  if (!requirements) return requirements.error().text();
  std::string joined;
  for (const Requirement& requirement : *requirements) joined += requirement.str() + "|";
  return joined;
}

TEST(RequirementsFile, ReadsAsPip) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"numpy\nlxml>=5", "numpy|lxml>=5|"},
      {"\xEF\xBB\xBFnumpy\r\n\r\n  lxml  \r\n", "numpy|lxml|"},
      {"# comment\nnumpy # why\n\t# more\nlxml#1", "r.txt:4: expected"},
      {"numpy \\\n  >=1, \\\n  <3\nlxml", "numpy<3,>=1|lxml|"},
      {"numpy \\\n# a comment ends it\nlxml", "numpy|lxml|"},
      {"numpy\\", "numpy|"},
      {"# a comment does not go on \\\nnumpy", "numpy|"},
      {"a @ https://x/a.whl#sha256=00 # c", "a @ https://x/a.whl#sha256=00|"},
      {"a; python_version > '3'", "a; python_version > \"3\"|"},
  };
  for (const auto& [text, expected] : cases) {
    if (std::string_view(expected).starts_with("r.txt")) {
      EXPECT_THAT(read(text), HasSubstr(expected)) << text;
    } else {
      EXPECT_EQ(read(text), expected) << text;
    }
  }
}

TEST(RequirementsFile, RefusesByNameAndLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"numpy\n-r other.txt\n", "r.txt:2: the option '-r' is not supported"},
      {"--index-url=https://x/", "r.txt:1: the option '--index-url' is not supported"},
      {"numpy==1 \\\n --hash=sha256:00", "r.txt:1: the option '--hash' is not supported"},
      {"a\n\nb>=", "r.txt:3: expected a version after '>=' at column 4"},
      {"./a-1.0-py3-none-any.whl", "r.txt:1: './a-1.0-py3-none-any.whl' is a file or a URL"},
      {"https://example.org/a.whl", "is a file or a URL; put the wheel into the wheelhouse"},
      {"a-1.0-py3-none-any.whl", "is a file or a URL"},
  };
  for (const auto& [text, message] : cases) EXPECT_THAT(read(text), HasSubstr(message)) << text;
}

}  // namespace
}  // namespace wheelbarrow::packaging
