#include "packaging/marker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packaging/target.hpp"

namespace wheelbarrow::packaging {
namespace {

using ::testing::HasSubstr;

const MarkerEnvironment& pyodide() {
  return find_target("pyodide-0.29")->markers();
}

struct Case {
  const char* marker;
  bool holds;
  const char* extra = "";
};

TEST(Marker, IsEvaluated) {
  const Case cases[] = {
      {"python_version >= '3.9'", true},
      {"python_version < \"3.10\"", false},
      {"'3.9' < python_version", true},
      {"python_version == '3.*'", true},
      {"python_version ~= '3.8'", true},
      {"python_version ~= '2.7'", false},
      {"python_full_version === '3.13.2'", true},
      {"python_full_version == '3.13.2.0'", true},
      {"python_version in '2.7 3.13'", true},
      {"python_version not in '2.7, 3.8'", true},
      {"python_version not   in '3.13'", false},
      {"'darwin' not in sys_platform", true},
      {"sys_platform == 'emscripten' and os_name == 'posix'", true},
      {"sys_platform == 'win32' or platform_machine == 'wasm32'", true},
      {"sys_platform == 'win32' or platform_machine == 'wasm32' and os_name == 'nt'", false},
      {"(sys_platform == 'win32' or platform_machine == 'wasm32') and os_name == 'posix'", true},
      {"((((os_name=='posix'))))", true},
      {"platform_system == 'Emscripten' and platform_release == '4.0.9'", true},
      {"platform_release >= '4.0.10'", false},
      {"platform_version == '#1'", true},
      {"platform_python_implementation == 'CPython' and implementation_name == 'cpython'", true},
      {"implementation_version > '3.9'", true},
      {"os.name == 'posix' and sys.platform != 'linux' and python_implementation == 'CPython'", true},
      {"platform.machine == 'wasm32' and platform.version != '' and platform.python_implementation != 'PyPy'",
       true},
      {"sys_platform >= 'darwin'", true},
      {"sys_platform ~= '1.0'", false},
      {"sys_platform ~= os_name", false},
      {"os_name == os.name and os_name != sys_platform", true},
      {"sys_platform === 'Emscripten'", true},
      {"platform_machine != '3.8'", true},
      {"extra == 'fast'", true, "fast"},
      {"extra == 'Fast_Mode'", true, "fast-mode"},
      {"extra == 'fast'", false},
      {"extra != 'fast'", true},
      {"'fast' == extra", true, "fast"},
      {"extra == '1.0'", false, "1"},
      {"python_version >= '3.9' and extra == 'a' or extra == 'b'", true, "b"},
      {"\"it's\" != os_name", true},
  };
  for (const Case& c : cases) {
    const auto marker = Marker::parse(c.marker);
    ASSERT_TRUE(marker) << c.marker << ": " << marker.error().text();
    EXPECT_EQ(marker->evaluate(pyodide(), c.extra), c.holds) << c.marker << " with extra '" << c.extra << "'";
    const auto again = Marker::parse(marker->str());
    ASSERT_TRUE(again) << marker->str();
    EXPECT_EQ(again->evaluate(pyodide(), c.extra), c.holds) << marker->str();
    EXPECT_EQ(again->str(), marker->str());
  }
}

TEST(Marker, IsNormalized) {
  const std::pair<const char*, const char*> cases[] = {
      {"python_version>='3'", "python_version >= \"3\""},
      {" os.name  not  in 'a' ", "os_name not in \"a\""},
      {"(os_name=='a' and os_name=='b')", "os_name == \"a\" and os_name == \"b\""},
      {"(os_name=='a' or os_name=='b') and (os_name=='c')",
       "(os_name == \"a\" or os_name == \"b\") and os_name == \"c\""},
      {"os_name=='a' or (os_name=='b' or (os_name=='c' and (os_name=='d' and os_name=='e')))",
       "os_name == \"a\" or os_name == \"b\" or os_name == \"c\" and os_name == \"d\" and os_name == \"e\""},
      {"os_name == 'say \"x\"'", "os_name == 'say \"x\"'"},
      {"extra == 'A_b'", "extra == \"a-b\""},
  };
  for (const auto& [text, normalized] : cases) {
    const auto marker = Marker::parse(text);
    ASSERT_TRUE(marker) << text << ": " << marker.error().text();
    EXPECT_EQ(marker->str(), normalized) << text;
  }
  EXPECT_TRUE(Marker().evaluate(pyodide()));
  EXPECT_EQ(Marker().str(), "");
}

TEST(Marker, ErrorsNameTheColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "expected a variable such as python_version or a quoted string at column 1, where the text ends"},
      {"python_version", "expected a comparison such as '==' or 'in' at column 15, where the text ends"},
      {"python_version >", "expected a variable such as python_version or a quoted string at column 17"},
      {"python_version > 3", "at column 18, found '3'"},
      {"os_name == 'posix", "expected a string with a closing quote at column 12"},
      {"os_name not 'a'", "expected 'in' after 'not' at column 13"},
      {"os_name = 'a'", "expected '==' or '>=' at column 9"},
      {"(os_name == 'a'", "expected ')', 'and' or 'or' at column 16"},
      {"os_name == 'a')", "expected 'and', 'or' or the end of the marker at column 15, found ')'"},
      {"os_name == 'a' and", "at column 19"},
      {"os_name == 'a' xor os_name == 'b'", "at column 16, found \"xor os_name"},
      {"'a' == 'b'", "expected a comparison with a variable"},
      {"python_version ~= 'surprise'",
       "expected a version with two numbers or more, such as '3.9', after '~=' at column 19"},
      {"python_version ~= '3'", "expected a version with two numbers or more"},
      {"os_name == 'a\\b'", "expected printable ASCII without '\\' in a string at column 14"},
      {"os_name == 'caf\xC3\xA9'", "expected printable ASCII without '\\' in a string at column 16"},
      {"os_name ==\n'a'", "at column 11"},
      {"python_versions == '3'", "at column 1, found \"python_versions == '..."},
      {"os_name in'a' orx", "expected 'and', 'or' or the end of the marker at column 15"},
  };
  for (const auto& [text, message] : cases) {
    const auto marker = Marker::parse(text);
    ASSERT_FALSE(marker) << text;
    EXPECT_THAT(marker.error().message, HasSubstr(message)) << text;
  }
}

TEST(Marker, IsBounded) {
  const std::string comparison = "os_name=='a'";
  const auto nested = [&](std::size_t depth) {
    return std::string(depth, '(') + comparison + std::string(depth, ')');
  };
  EXPECT_TRUE(Marker::parse(nested(100)));
  EXPECT_FALSE(Marker::parse(nested(101)));
  EXPECT_FALSE(Marker::parse(std::string(1'000'000, '(')));
  const auto joined = [&](int count) {
    std::string text = comparison;
    for (int i = 1; i < count; ++i) text += " or " + comparison;
    return text;
  };
  EXPECT_TRUE(Marker::parse(joined(1'000)));
  EXPECT_FALSE(Marker::parse(joined(1'001)));
}

}  // namespace
}  // namespace wheelbarrow::packaging
