#include "routes/requirement_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wheelbarrow::routes {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

TEST(RequirementList, SplitsWhereANewRequirementBegins) {
  const struct {
    const char* text;
    std::vector<std::string> pieces;
  } table[] = {
      {"", {}},
      {" , ,, \n", {}},
      {"numpy", {"numpy"}},
      {"numpy,lxml", {"numpy", "lxml"}},
      {" numpy , lxml ", {"numpy", "lxml"}},
      {"numpy\nlxml\r\n", {"numpy", "lxml"}},
      {"lxml>=5,<6", {"lxml>=5,<6"}},
      {"lxml>=5, <6, numpy", {"lxml>=5, <6", "numpy"}},
      {"lxml>=5,!=5.1,~=5.2,numpy", {"lxml>=5,!=5.1,~=5.2", "numpy"}},
      {"a[x,y]>=1,b", {"a[x,y]>=1", "b"}},
      {"a (>=1,<2),b", {"a (>=1,<2)", "b"}},
      {"a; python_version in \"3.12,b\",b", {"a; python_version in \"3.12,b\"", "b"}},
      {"a; os_name == 'it,x'\nb", {"a; os_name == 'it,x'", "b"}},
      {"a; os_name == 'open\nb", {"a; os_name == 'open", "b"}},
      {"a]],b", {"a]]", "b"}},
  };
  for (const auto& [text, pieces] : table) {
    EXPECT_THAT(split_requirements(text), ElementsAreArray(pieces)) << text;
  }
}

TEST(RequirementList, NamesTheRequirementThatIsWrong) {
  const auto parsed = parse_requirement_list({"numpy", "lxml,bad>>1"});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(parsed.error().text(), HasSubstr("'bad>>1'"));
}

TEST(RequirementList, TakesABoundedNumber) {
  std::string many = "a";
  for (std::size_t i = 0; i < max_requirements; ++i) {
    many += "\na";
  }
  EXPECT_FALSE(parse_requirement_list({many}));
  EXPECT_EQ(parse_requirement_list({many.substr(2)})->requirements.size(), max_requirements);
}

}  // namespace
}  // namespace wheelbarrow::routes
