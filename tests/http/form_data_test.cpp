#include "http/form_data.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wheelbarrow::http {
namespace {

constexpr const char* multipart = "multipart/form-data; boundary=b";

// "name=content" and "name(filename)=content", or what is wrong.
std::string read(const std::string& body, const std::string& content_type = multipart) {
  const auto form = parse_form_data(body, content_type);
  if (!form) return form.error().message;
  std::string text;
  for (const FormPart& part : *form) {
    text +=
        part.name + (part.filename ? "(" + *part.filename + ")" : "") + "=" + std::string(part.content) + ";";
  }
  return text;
}

std::string part(const std::string& disposition, const std::string& content) {
  return "--b\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n";
}

TEST(FormData, IsRead) {
  const std::string end = "--b--\r\n";
  EXPECT_EQ(read(end), "");
  EXPECT_EQ(read(part("form-data; name=\"a\"", "1") + end), "a=1;");
  EXPECT_EQ(read(part("form-data; name=a", "1") + part("form-data; name=b; filename=\"c.whl\"", "2") + end),
            "a=1;b(c.whl)=2;");
  EXPECT_EQ(read("preamble\r\n" + part("form-data; name=\"a\"", "") + "--b--epilogue"), "a=;");
  EXPECT_EQ(read(part("Form-Data ; filename=\"x\\\"y;z\"; Name=\"a\"", "\r\n--c\r\n-\r\n") + end),
            "a(x\"y;z)=\r\n--c\r\n-\r\n;");
  EXPECT_EQ(read("--b \t\r\nX: y\r\ncontent-disposition:form-data;name=\"a\"\r\nZ:\r\n\r\n1\r\n" + end),
            "a=1;");
  EXPECT_EQ(read("--x'(y)\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x'(y)--",
                 "MULTIPART/form-data; a=\"boundary=z\" ; BOUNDARY=\"x'(y)\""),
            "a=1;");
}

TEST(FormData, SaysWhatIsWrong) {
  const std::string good = part("form-data; name=a", "1") + "--b--";
  const std::string no_form = "a form must be sent as multipart/form-data with a boundary";
  for (const char* type : {"", "text/plain; boundary=b", "multipart/form-data",
                           "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
                           "multipart/mixed; boundary=b", "multipart/form-data; boundary"}) {
    EXPECT_EQ(read(good, type), no_form) << type;
  }
  EXPECT_EQ(read(good, "multipart/form-data; boundary=" + std::string(71, 'b')), no_form);
  struct Case {
    std::string body;
    const char* what;
  };
  for (const Case& item : {
           Case{"", "its boundary doesn't occur"},
           Case{"x--b--", "its boundary doesn't occur"},
           Case{"--b", "a boundary is followed by other text"},
           Case{"--bc\r\n", "a boundary is followed by other text"},
           Case{"--b\r\nContent-Disposition: form-data; name=a\r\n", "a part's fields don't end"},
           Case{"--b\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n1\r\n--b--", "a part's fields don't end"},
           Case{"--b\r\n\r\n1\r\n--b--", "a part has no name"},
           Case{part("form-data", "1") + "--b--", "a part has no name"},
           Case{part("attachment; name=a", "1") + "--b--", "a part has no name"},
           Case{part("form-data; filename=a", "1") + "--b--", "a part has no name"},
           Case{"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1", "it is cut short"},
           Case{part("form-data; name=a", "1") + "--", "it is cut short"},
       }) {
    EXPECT_EQ(read(item.body), std::string("the form is malformed: ") + item.what) << item.body.substr(0, 80);
  }
  std::string many;
  for (int i = 0; i < 10'001; ++i) {
    many += part("form-data; name=a", "");
  }
  EXPECT_EQ(read(many + "--b--"), "the form is malformed: it has too many parts");
}

}  // namespace
}  // namespace wheelbarrow::http
