#include "packaging/requirements_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace wheelbarrow::packaging {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view sha = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";

// What a set asks for, in a line: requirements, "c:" constraints, "h:" projects with the number of hashes.
std::string describe(const RequirementSet& set) {
  std::string joined;
  for (const Requirement& requirement : set.requirements) joined += requirement.str() + "|";
  for (const Requirement& constraint : set.constraints) joined += "c:" + constraint.str() + "|";
  for (const GivenHashes& given : set.hashes) {
    joined +=
        "h:" + given.project + (given.marker ? ";" : "") + "=" + std::to_string(given.sha256.size()) + "|";
  }
  return joined;
}

std::string read(std::string_view text, const ReadRequirements& reader = {}) {
  RequirementSet set;
  const auto added = add_requirements_file(set, text, "r.txt", reader);
  return added ? describe(set) : added.error().text();
}

TEST(RequirementsFile, ReadsAsPip) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"numpy\nlxml>=5", "numpy|lxml>=5|"},
      {"\xEF\xBB\xBFnumpy\r\n\r\n  lxml  \r\n", "numpy|lxml|"},
      {"# comment\nnumpy # why\n\t# more\nlxml#1", "r.txt:4: expected"},
      {"numpy \\\n  >=1, \\\n  <3\nlxml", "numpy<3,>=1|lxml|"},
      {"numpy \\\n# a comment ends it\nlxml", "numpy|lxml|"},
      // Lines are joined before comments go.
      {"numpy  # c \\\nlxml", "numpy|"},
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

TEST(RequirementsFile, ReadsHashes) {
  const std::string digits(sha);
  const std::pair<std::string, std::string> cases[] = {
      {"numpy==1 --hash=sha256:" + digits, "numpy==1|h:numpy=1|"},
      {"numpy==1 \\\n    --hash=sha256:" + digits + " \\\n    --hash sha256:" + std::string(64, '0'),
       "numpy==1|h:numpy=2|"},
      // Either case is the same hash.
      {"a --hash=sha256:" + digits + "\na<2 --hash=sha256:" + std::string(sha.substr(0, 16)) +
           "0123456789abcdef" + std::string(sha.substr(32)),
       "a|a<2|h:a=1|h:a=1|"},
      {"a --hash=sha512:00 --hash=sha256:" + digits, "a|h:a=1|"},
      {"a --hash=\"sha256:" + digits + "\"", "a|h:a=1|"},
      {"a; python_version < '3' --hash=sha256:" + digits, "a; python_version < \"3\"|h:a;=1|"},
      {"--require-hashes\na --hash=sha256:" + digits, "a|h:a=1|"},
      {"--require-hashes\na", "r.txt: 'a' has no '--hash', and '--require-hashes' asks for one"},
      {"a --hash=sha512:00", "r.txt:1: only SHA-256 hashes can be checked here; add a '--hash=sha256:'"},
      {"\na --hash=md5:00",
       "r.txt:2: expected '--hash=sha256:' and 64 hexadecimal digits instead of 'md5:00'"},
      {"a --hash=sha256:0x",
       "r.txt:1: expected 64 hexadecimal digits after '--hash=sha256:' instead of '0x'"},
      {"a --hash=", "r.txt:1: expected '--hash=sha256:' and 64 hexadecimal digits instead of ''"},
      {"a --hash", "r.txt:1: expected '--hash=sha256:' and 64 hexadecimal digits instead of ''"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(read(text), expected) << text;
}

TEST(RequirementsFile, ReadsTheFilesThatItNames) {
  const std::map<std::string, std::string> files = {
      {"sub/more.txt", "lxml\n-c bounds.txt"},
      {"sub/bounds.txt", "numpy<2\n# nothing else\n-r deeper.txt"},
      {"sub/deeper.txt", "lxml>=5"},
      {"self.txt", "-r self.txt"},
      {"bad.txt", "ok\nnot>>ok"},
      {"extra.txt", "numpy[x]<2"},
  };
  const ReadRequirements reader = [&](std::string_view file,
                                      std::string_view named_in) -> Result<RequirementsText> {
    std::string path(named_in.substr(0, named_in.rfind('/') + 1));
    path += file;
    const auto found = files.find(path);
    if (found == files.end()) return fail(ErrorKind::invalid_input, "can't open the file", path);
    return RequirementsText{path, found->second};
  };
  const std::pair<const char*, const char*> cases[] = {
      {"numpy\n-r sub/more.txt\nb", "numpy|lxml|b|c:numpy<2|c:lxml>=5|"},
      {"-rsub/deeper.txt", "lxml>=5|"},
      {"-r 'sub/deeper.txt'", "lxml>=5|"},
      {"-r sub/deep\\er.txt", "lxml>=5|"},
      {"--requirement=sub/deeper.txt", "lxml>=5|"},
      {"--constraint sub/deeper.txt", "c:lxml>=5|"},
      {"a\n-r none.txt", "none.txt: can't open the file"},
      {"-r", "r.txt:1: expected a file's name after '-r'"},
      {"-r bad.txt", "bad.txt:2: expected a version after '>' at column 5"},
      {"-r self.txt", "self.txt:1: more than 100 files name one another"},
      {"-c extra.txt", "extra.txt:1: 'numpy[x]<2' is not a constraint: those have neither extras nor a URL"},
  };
  for (const auto& [text, expected] : cases) EXPECT_THAT(read(text, reader), StartsWith(expected)) << text;
}

TEST(RequirementsFile, RefusesByNameAndLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"numpy\n-r other.txt\n", "r.txt:2: the option '-r' is not supported here: no other file can be read"},
      {"--index-url=https://x/",
       "r.txt:1: the option '--index-url' is not supported: the wheelhouse is the only"},
      {"-i https://x/", "r.txt:1: the option '-i' is not supported: the wheelhouse is the only index"},
      {"-e .", "r.txt:1: the option '-e' is not supported: nothing is built here"},
      {"--pre", "r.txt:1: the option '--pre' is not supported: a pre-release is taken where"},
      {"a -r other.txt", "r.txt:1: the option '-r' is not supported: it stands on a line of its own"},
      {"--hash=sha256:00", "r.txt:1: the option '--hash' is not supported: it stands behind a requirement"},
      {"--no-such",
       "r.txt:1: the option '--no-such' is not supported: a requirements file has no such option"},
      {"numpy --config-settings=x",
       "r.txt:1: the option '--config-settings' is not supported: nothing is built"},
      {"--prefer-binary\n--only-binary :all:\na", "a|"},
      {"a\n\nb>=", "r.txt:3: expected a version after '>=' at column 4"},
      {"./a-1.0-py3-none-any.whl", "r.txt:1: './a-1.0-py3-none-any.whl' is a file or a URL"},
      {"https://example.org/a.whl", "is a file or a URL; put the wheel into the wheelhouse"},
      {"a-1.0-py3-none-any.whl", "is a file or a URL"},
  };
  for (const auto& [text, message] : cases) EXPECT_THAT(read(text), HasSubstr(message)) << text;
}

}  // namespace
}  // namespace wheelbarrow::packaging
