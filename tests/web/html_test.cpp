#include "web/html.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace wheelbarrow::web {
namespace {

using namespace std::string_view_literals;

TEST(EscapeHtml, MakesAnyTextSafe) {
  const struct {
    std::string_view text;
    std::string_view html;
  } cases[] = {
      {""sv, ""sv},
      {"numpy-2.2.5"sv, "numpy-2.2.5"sv},
      {"<script>alert('1')</script>"sv, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"sv},
      {"a&b\"c"sv, "a&amp;b&quot;c"sv},
      {"line\n\ttab"sv, "line\n\ttab"sv},
      {"nul\0esc\x1B[31mdel\x7F"sv,
       "nul\xEF\xBF\xBD"
       "esc\xEF\xBF\xBD[31mdel\xEF\xBF\xBD"sv},
      {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"sv,
       "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"sv},
      {"\xFF\xFE"sv, "\xEF\xBF\xBD\xEF\xBF\xBD"sv},
      {"cut \xE2\x82"sv, "cut \xEF\xBF\xBD\xEF\xBF\xBD"sv},
      {"overlong \xC0\xBC"sv, "overlong \xEF\xBF\xBD\xEF\xBF\xBD"sv},
      {"overlong \xE0\x80\xBC"sv, "overlong \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv},
      {"surrogate \xED\xA0\x80"sv, "surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv},
      {"beyond \xF4\x90\x80\x80"sv, "beyond \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv},
      {"\xC3<"sv, "\xEF\xBF\xBD&lt;"sv},
  };
  for (const auto& [text, html] : cases) {
    EXPECT_EQ(escape_html(text), html) << testing::PrintToString(text);
  }
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("lxml>=5,<6; a=='b' &\xC3\xBC+/"),
            "lxml%3E%3D5%2C%3C6%3B%20a%3D%3D%27b%27%20%26%C3%BC%2B%2F");
}

TEST(IsAddress, TellsPagesFromScripts) {
  for (const char* href : {"/a", "wheels/aa/b.whl", "./x:y", "a?b:c", "http://h/", "https://h/"}) {
    EXPECT_TRUE(is_address(href)) << href;
  }
  for (const char* href :
       {"", "javascript:alert(1)", "JavaScript:x", "java\tscript:x", " data:text/html,x", "x:/y"}) {
    EXPECT_FALSE(is_address(href)) << href;
  }
}

TEST(HumanSize, RoundsToReadableNumbers) {
  const struct {
    std::uint64_t bytes;
    const char* text;
  } cases[] = {
      {0, "0 bytes"},        {1, "1 byte"},
      {999, "999 bytes"},    {1000, "1.0 kB"},
      {11712032, "11.7 MB"}, {99949999, "99.9 MB"},
      {99950000, "100 MB"},  {999499999, "999 MB"},
      {999500000, "1.0 GB"}, {18446744073709551615ULL, "18.4 EB"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(human_size(bytes), text) << bytes;
  }
}

}  // namespace
}  // namespace wheelbarrow::web
