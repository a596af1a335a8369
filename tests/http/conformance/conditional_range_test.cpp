// RFC 9110 13 and 14: conditional and range requests. Each line is asked over HTTP/1.1 and over HTTP/2.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "http/conformance/http1_words.hpp"
#include "http/conformance/http2_words.hpp"

namespace wheelbarrow::http::conformance {
namespace {

using RequestFields = std::vector<std::pair<std::string, std::string>>;

struct Question {
  std::string name;
  std::string target;  // "GET /file"
  RequestFields fields;
  unsigned status = 200;
  RequestFields answer = {};          // fields of the response; an empty value means that there is none
  std::optional<std::string> body{};  // of the response, where it matters

  friend std::ostream& operator<<(std::ostream& out, const Question& item) { return out << item.name; }
};

// /file and /dated of TestServer.
const std::string whole = "0123456789abcdefghij";
const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT", earlier = "Sun, 06 Nov 1994 08:49:36 GMT",
                  later = "Sun, 06 Nov 1994 08:49:38 GMT";
const std::string tag = "\"v1\"", weak_tag = "W/\"v1\"", other_tag = "\"v2\"";

const std::string boundary_of_answer = "(boundary)";  // stands for the answer's own

std::string part(const std::string& range, const std::string& bytes) {
  return "\r\n--" + boundary_of_answer + "\r\nContent-Type: text/plain\r\nContent-Range: bytes " + range +
         "/20\r\n\r\n" + bytes;
}

std::string parts(std::initializer_list<std::pair<std::string, std::string>> list) {
  std::string body;
  for (const auto& [range, bytes] : list) {
    body += part(range, bytes);
  }
  return body.substr(2) + "\r\n--" + boundary_of_answer + "--\r\n";
}

std::vector<Question> if_match() {
  const auto match = [](std::string name, std::string value, unsigned status,
                        std::string target = "GET /file") {
    return Question{std::move(name), std::move(target), {{"if-match", std::move(value)}}, status};
  };
  return {
      match("13.1.1 If-Match with the ETag", tag, 200),
      match("13.1.1 If-Match with another", other_tag, 412),
      match("13.1.1 If-Match compares strongly", weak_tag, 412),
      match("13.1.1 If-Match with a list that has it", other_tag + ", " + tag, 200),
      match("13.1.1 If-Match with a list that lacks it", other_tag + ", \"v3\"", 412),
      match("13.1.1 If-Match with a list of weak and strong", weak_tag + "," + tag, 200),
      match("13.1.1 If-Match with *", "*", 200),
      match("13.1.1 If-Match with * and no ETag", "*", 200, "GET /dated"),
      match("13.1.1 If-Match and no ETag", tag, 412, "GET /dated"),
      match("13.1.1 If-Match in another case", "\"V1\"", 412),
      match("13.1.1 If-Match with HEAD", other_tag, 412, "HEAD /file"),
      {"13.1.1 If-Match in two lines", "GET /file", {{"if-match", other_tag}, {"if-match", tag}}, 200},
      {"13.1.1 a 412 does not carry the representation",
       "GET /file",
       {{"if-match", other_tag}},
       412,
       {{"content-range", ""}, {"content-type", "application/problem+json"}}},
  };
}

std::vector<Question> if_none_match() {
  const auto none = [](std::string name, std::string value, unsigned status,
                       std::string target = "GET /file") {
    return Question{std::move(name), std::move(target), {{"if-none-match", std::move(value)}}, status};
  };
  return {
      none("13.1.2 If-None-Match with the ETag", tag, 304),
      none("13.1.2 If-None-Match with another", other_tag, 200),
      none("13.1.2 If-None-Match compares weakly", weak_tag, 304),
      none("13.1.2 If-None-Match with a list that has it", other_tag + ", " + weak_tag, 304),
      none("13.1.2 If-None-Match with a list that lacks it", other_tag + ", \"v3\"", 200),
      none("13.1.2 If-None-Match with a list without spaces", other_tag + "," + tag, 304),
      none("13.1.2 If-None-Match with empty list elements", ", ," + tag + ",", 304),
      none("13.1.2 If-None-Match with a comma in a tag", "\"a,b\", " + tag, 304),
      none("13.1.2 If-None-Match with the ETag inside another", "\"x,v1\"", 200),
      none("13.1.2 If-None-Match with *", "*", 304),
      none("13.1.2 If-None-Match with * and no ETag", "*", 304, "GET /dated"),
      none("13.1.2 If-None-Match and no ETag", tag, 200, "GET /dated"),
      none("13.1.2 If-None-Match without quotes", "v1", 200),
      none("13.1.2 If-None-Match with a lower case w", "w/\"v1\"", 200),
      none("13.1.2 If-None-Match in another case", "\"V1\"", 200),
      none("13.1.2 If-None-Match that is empty", "", 200),
      none("13.1.2 If-None-Match with HEAD", tag, 304, "HEAD /file"),
      {"13.1.2 If-None-Match in two lines",
       "GET /file",
       {{"if-none-match", other_tag}, {"if-none-match", tag}},
       304},
      {"15.4.5 a 304 has the ETag", "GET /file", {{"if-none-match", tag}}, 304, {{"etag", tag}}, ""},
      {"15.4.5 a 304 has no Content-Type",
       "GET /file",
       {{"if-none-match", tag}},
       304,
       {{"content-type", ""}},
       ""},
  };
}

std::vector<Question> dates() {
  const auto since = [](std::string name, std::string value, unsigned status,
                        std::string target = "GET /file") {
    return Question{std::move(name), std::move(target), {{"if-modified-since", std::move(value)}}, status};
  };
  const auto unmodified = [](std::string name, std::string value, unsigned status) {
    return Question{std::move(name), "GET /file", {{"if-unmodified-since", std::move(value)}}, status};
  };
  return {
      since("13.1.3 If-Modified-Since with the date", date, 304),
      since("13.1.3 If-Modified-Since with a later date", later, 304),
      since("13.1.3 If-Modified-Since with an earlier date", earlier, 200),
      since("13.1.3 If-Modified-Since with HEAD", date, 304, "HEAD /file"),
      since("13.1.3 If-Modified-Since without Last-Modified", date, 200, "GET /hello"),
      since("13.1.3 If-Modified-Since and no ETag", date, 304, "GET /dated"),
      since("5.6.7 a date of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", 304),
      since("5.6.7 a date of asctime", "Sun Nov  6 08:49:37 1994", 304),
      since("5.6.7 an earlier date of RFC 850", "Sunday, 06-Nov-94 08:49:36 GMT", 200),
      since("5.6.7 an earlier date of asctime", "Sun Nov  6 08:49:36 1994", 200),
      since("5.6.7 two digits of a year long ago", "Wednesday, 06-Nov-85 08:49:37 GMT", 200),
      since("13.1.3 a date that is none is ignored", "yesterday", 200),
      since("13.1.3 an empty date is ignored", "", 200),
      since("13.1.3 a date without a zone is ignored", "Sun, 06 Nov 1994 08:49:37", 200),
      since("13.1.3 a date in another zone is ignored", "Sun, 06 Nov 1994 08:49:37 CET", 200),
      since("13.1.3 a date with an offset is ignored", "Sun, 06 Nov 1994 08:49:37 +0000", 200),
      since("13.1.3 a date of ISO 8601 is ignored", "1994-11-06T08:49:37Z", 200),
      since("13.1.3 a date that does not exist is ignored", "Sun, 31 Feb 2094 08:49:37 GMT", 200),
      since("13.1.3 a time that does not exist is ignored", "Sun, 06 Nov 1994 25:49:37 GMT", 200),
      since("13.1.3 two dates are ignored", date + ", " + date, 200),
      unmodified("13.1.4 If-Unmodified-Since with the date", date, 200),
      unmodified("13.1.4 If-Unmodified-Since with a later date", later, 200),
      unmodified("13.1.4 If-Unmodified-Since with an earlier date", earlier, 412),
      unmodified("13.1.4 If-Unmodified-Since with a bad date is ignored", "yesterday", 200),
      {"13.1.4 If-Unmodified-Since without Last-Modified",
       "GET /hello",
       {{"if-unmodified-since", earlier}},
       200},
  };
}

std::vector<Question> precedence() {
  return {
      {"13.2.2 If-Match outweighs If-Unmodified-Since",
       "GET /file",
       {{"if-match", tag}, {"if-unmodified-since", earlier}},
       200},
      {"13.2.2 If-Match fails whatever If-Unmodified-Since says",
       "GET /file",
       {{"if-match", other_tag}, {"if-unmodified-since", later}},
       412},
      {"13.2.2 If-None-Match outweighs If-Modified-Since",
       "GET /file",
       {{"if-none-match", other_tag}, {"if-modified-since", later}},
       200},
      {"13.2.2 If-None-Match holds whatever If-Modified-Since says",
       "GET /file",
       {{"if-none-match", tag}, {"if-modified-since", earlier}},
       304},
      {"13.2.2 If-None-Match that is malformed outweighs If-Modified-Since",
       "GET /file",
       {{"if-none-match", "v1"}, {"if-modified-since", later}},
       200},
      {"13.2.2 If-Match before If-None-Match",
       "GET /file",
       {{"if-none-match", tag}, {"if-match", other_tag}},
       412},
      {"13.2.2 If-Match and If-None-Match", "GET /file", {{"if-match", tag}, {"if-none-match", tag}}, 304},
      {"13.2.2 If-Unmodified-Since before If-None-Match",
       "GET /file",
       {{"if-unmodified-since", earlier}, {"if-none-match", tag}},
       412},
      {"13.2.2 If-None-Match before Range",
       "GET /file",
       {{"if-none-match", tag}, {"range", "bytes=0-1"}},
       304},
      {"13.2.2 If-Match before Range", "GET /file", {{"if-match", other_tag}, {"range", "bytes=0-1"}}, 412},
      {"13.2.2 If-None-Match before a range that can't be",
       "GET /file",
       {{"if-none-match", tag}, {"range", "bytes=99-"}},
       304},
      {"13.2.2 a range when the conditions hold",
       "GET /file",
       {{"if-match", tag}, {"if-none-match", other_tag}, {"range", "bytes=0-1"}},
       206,
       {},
       "01"},
      {"13.2.1 conditions do not turn an error into another", "GET /nothing", {{"if-match", other_tag}}, 404},
      {"13.2.1 conditions do not turn an error into a 304", "GET /nothing", {{"if-none-match", "*"}}, 404},
  };
}

// One range of /file, which has 20 bytes.
Question one(std::string name, std::string range, std::string content_range, std::string body) {
  return {
      std::move(name),
      "GET /file",
      {{"range", std::move(range)}},
      206,
      {{"content-range", "bytes " + content_range + "/20"}, {"content-type", "text/plain"}, {"etag", tag}},
      std::move(body)};
}

// A Range field that is not there, as far as the server goes.
Question no_range(std::string name, std::string range, std::string target = "GET /file") {
  return {
      std::move(name), std::move(target), {{"range", std::move(range)}}, 200, {{"content-range", ""}}, whole};
}

Question unsatisfiable(std::string name, std::string range) {
  return {
      std::move(name), "GET /file", {{"range", std::move(range)}}, 416, {{"content-range", "bytes */20"}}};
}

Question several(std::string name, std::string range, std::string body) {
  return {std::move(name),
          "GET /file",
          {{"range", std::move(range)}},
          206,
          {{"content-range", ""}, {"etag", tag}},
          std::move(body)};
}

std::vector<Question> ranges() {
  return {
      {"14.3 Accept-Ranges", "GET /file", {}, 200, {{"accept-ranges", "bytes"}}, whole},
      one("14.1.2 the first bytes", "bytes=0-4", "0-4", "01234"),
      one("14.1.2 bytes from the middle", "bytes=5-9", "5-9", "56789"),
      one("14.1.2 the first byte", "bytes=0-0", "0-0", "0"),
      one("14.1.2 the last byte", "bytes=19-19", "19-19", "j"),
      one("14.1.2 a range without end", "bytes=15-", "15-19", "fghij"),
      one("14.1.2 all of it", "bytes=0-", "0-19", whole),
      one("14.1.2 a suffix", "bytes=-5", "15-19", "fghij"),
      one("14.1.2 a suffix of everything", "bytes=-20", "0-19", whole),
      one("14.1.2 a suffix longer than everything", "bytes=-21", "0-19", whole),
      one("14.1.2 an end behind the last byte", "bytes=15-20", "15-19", "fghij"),
      one("14.1.2 an end far behind the last byte", "bytes=15-99999999999999999999999", "15-19", "fghij"),
      one("14.1.2 a suffix of any number", "bytes=-99999999999999999999999", "0-19", whole),
      one("14.1.2 an end of 2^64", "bytes=1-18446744073709551616", "1-19", whole.substr(1)),
      one("14.1.2 leading zeros", "bytes=0005-00009", "5-9", "56789"),
      one("14.1 the unit in any case", "Bytes=0-4", "0-4", "01234"),
      one("14.2 empty list elements", "bytes=,0-4,", "0-4", "01234"),
      one("14.2 whitespace in the list", "bytes= \t,0-4 ,,", "0-4", "01234"),
      unsatisfiable("14.1.2 a start behind the last byte", "bytes=20-"),
      unsatisfiable("14.1.2 a range behind the last byte", "bytes=20-30"),
      unsatisfiable("14.1.2 a start of 2^64", "bytes=18446744073709551616-"),
      unsatisfiable("14.1.2 a start of any number", "bytes=99999999999999999999999-99999999999999999999999"),
      unsatisfiable("14.1.2 a suffix of nothing", "bytes=-0"),
      unsatisfiable("14.1.2 several ranges behind the last byte", "bytes=20-21,30-,-0"),
      no_range("14.1.1 an end before the start", "bytes=5-2"),
      no_range("14.1.1 an end before the start among others", "bytes=0-4,5-2"),
      no_range("14.1.1 no numbers", "bytes=-"),
      no_range("14.1.1 one number", "bytes=5"),
      no_range("14.1.1 letters", "bytes=a-b"),
      no_range("14.1.1 a sign", "bytes=+1-2"),
      no_range("14.1.1 two dashes", "bytes=--1"),
      no_range("14.1.1 three numbers", "bytes=1-2-3"),
      no_range("14.1.1 hexadecimal", "bytes=0x1-0x2"),
      no_range("14.1.1 a space within a range", "bytes=1 - 2"),
      no_range("14.1.1 nothing behind the unit", "bytes="),
      no_range("14.1.1 no equals sign", "bytes 0-4"),
      no_range("14.1.1 a colon in place of it", "bytes:0-4"),
      no_range("14.2 an empty field", ""),
      no_range("14.2 an unknown unit", "lines=0-4"),
      no_range("14.2 a unit that begins alike", "bytesize=0-4"),
      {"14.2 Range with HEAD",
       "HEAD /file",
       {{"range", "bytes=0-4"}},
       200,
       {{"content-range", ""}, {"content-length", "20"}}},
      {"14.2 a range that can't be with HEAD",
       "HEAD /file",
       {{"range", "bytes=99-"}},
       200,
       {{"content-range", ""}}},
      {"14.2 Range with POST", "POST /file", {{"range", "bytes=0-4"}}, 200, {{"content-range", ""}}, whole},
      {"14.2 a resource without ranges",
       "GET /hello",
       {{"range", "bytes=0-1"}},
       200,
       {{"content-range", ""}},
       "hello\n"},
      {"15.3.7 a 206 has Last-Modified",
       "GET /dated",
       {{"range", "bytes=0-0"}},
       206,
       {{"last-modified", date}},
       "0"},
  };
}

std::vector<Question> several_ranges() {
  return {
      several("14.6 two ranges", "bytes=0-1,18-19", parts({{"0-1", "01"}, {"18-19", "ij"}})),
      several("14.6 ranges in the order of the request", "bytes=18-19,0-1",
              parts({{"18-19", "ij"}, {"0-1", "01"}})),
      several("14.6 three ranges of all kinds", "bytes=0-0, 5-6 ,-1",
              parts({{"0-0", "0"}, {"5-6", "56"}, {"19-19", "j"}})),
      several("14.6 those that can't be are left out", "bytes=0-1,99-,18-19",
              parts({{"0-1", "01"}, {"18-19", "ij"}})),
      one("15.3.7.2 one that can be among others", "bytes=99-,0-1", "0-1", "01"),
      one("15.3.7.2 overlapping ranges become one", "bytes=0-4,3-7", "0-7", "01234567"),
      one("15.3.7.2 adjacent ranges become one", "bytes=0-4,5-7", "0-7", "01234567"),
      one("15.3.7.2 a range within another", "bytes=0-9,3-4", "0-9", "0123456789"),
      one("15.3.7.2 the same range twice", "bytes=0-4,0-4", "0-4", "01234"),
      no_range("17.15 overlapping ranges of more than everything", "bytes=0-,0-,0-"),
      no_range("17.15 many ranges of everything", "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-"),
  };
}

std::vector<Question> if_range() {
  const auto applies = [](std::string name, std::string value, std::string target = "GET /file") {
    return Question{std::move(name),
                    std::move(target),
                    {{"if-range", std::move(value)}, {"range", "bytes=0-4"}},
                    206,
                    {{"content-range", "bytes 0-4/20"}},
                    "01234"};
  };
  const auto all = [](std::string name, std::string value, std::string target = "GET /file") {
    return Question{std::move(name),
                    std::move(target),
                    {{"if-range", std::move(value)}, {"range", "bytes=0-4"}},
                    200,
                    {{"content-range", ""}},
                    whole};
  };
  return {
      applies("13.1.5 If-Range with the ETag", tag),
      applies("13.1.5 If-Range with the date", date),
      applies("13.1.5 If-Range with the date and no ETag", date, "GET /dated"),
      all("13.1.5 If-Range with another ETag", other_tag),
      all("13.1.5 If-Range compares strongly", weak_tag),
      all("13.1.5 If-Range and no ETag", tag, "GET /dated"),
      all("13.1.5 If-Range with an earlier date", earlier),
      all("13.1.5 If-Range with a later date", later),
      all("13.1.5 If-Range with a date that is none", "yesterday"),
      all("13.1.5 If-Range that is empty", ""),
      all("13.1.5 If-Range with *", "*"),
      all("13.1.5 If-Range with a list", tag + ", " + tag),
      all("13.1.5 If-Range without quotes", "v1"),
      {"13.1.5 If-Range that fails before a range that can't be",
       "GET /file",
       {{"if-range", other_tag}, {"range", "bytes=99-"}},
       200,
       {},
       whole},
      {"13.1.5 If-Range that holds before a range that can't be",
       "GET /file",
       {{"if-range", tag}, {"range", "bytes=99-"}},
       416,
       {{"content-range", "bytes */20"}}},
      {"13.1.5 If-Range without Range", "GET /file", {{"if-range", other_tag}}, 200, {}, whole},
      {"13.2.2 If-None-Match before If-Range",
       "GET /file",
       {{"if-none-match", tag}, {"if-range", tag}, {"range", "bytes=0-4"}},
       304},
      {"13.2.2 If-Range after conditions that hold",
       "GET /file",
       {{"if-match", tag}, {"if-range", tag}, {"range", "bytes=0-4"}},
       206,
       {},
       "01234"},
  };
}

class ConditionalRange : public SharedServer, public testing::TestWithParam<Question> {
 public:
  static void SetUpTestSuite() { SharedServer::SetUpTestSuite(); }
  static void TearDownTestSuite() { SharedServer::TearDownTestSuite(); }
  static std::string name(const testing::TestParamInfo<Question>& info) { return test_name(info.param.name); }

 protected:
  static std::string method() { return GetParam().target.substr(0, GetParam().target.find(' ')); }
  static std::string path() { return GetParam().target.substr(GetParam().target.find(' ') + 1); }

  static void expect_answer(unsigned status, const Fields& fields, const std::string& body) {
    const Question& question = GetParam();
    EXPECT_EQ(status, question.status);
    for (const auto& [name, value] : question.answer) {
      EXPECT_EQ(fields.get(name).value_or(""), value) << name;
    }
    if (!question.body) return;
    std::string expected = *question.body;
    const std::string type = fields.get("content-type").value_or("");
    const std::string multipart = "multipart/byteranges; boundary=";
    const std::size_t at = expected.find(boundary_of_answer);
    EXPECT_EQ(type.starts_with(multipart), at != std::string::npos) << type;
    for (std::size_t i = at; i != std::string::npos; i = expected.find(boundary_of_answer)) {
      expected.replace(i, boundary_of_answer.size(), type.substr(std::min(multipart.size(), type.size())));
    }
    EXPECT_EQ(body, expected);
  }
};

TEST_P(ConditionalRange, OverHttp1) {
  std::string request = GetParam().target + " HTTP/1.1\r\nHost: h\r\n";
  for (const auto& [name, value] : GetParam().fields) {
    request += name + ": " + value + "\r\n";
  }
  Http1Conversation conversation(server->port());
  conversation.send(request + "\r\n");
  const std::optional<Http1Response> response = conversation.read_response(method() == "HEAD");
  ASSERT_TRUE(response.has_value());
  expect_answer(response->status, response->fields, response->body);
}

TEST_P(ConditionalRange, OverHttp2) {
  std::string block = pseudo(method(), path());
  for (const auto& [name, value] : GetParam().fields) {
    block += field(name, value);
  }
  Http2Conversation conversation(server->port());
  conversation.send(headers(1, block));
  if (method() == "HEAD") conversation.expect_no_body(1);
  const Http2Response& response = conversation.response(1);
  ASSERT_TRUE(conversation.read_until([&response] { return response.ended; })) << conversation.transcript();
  expect_answer(response.status, response.fields, response.body);
}

INSTANTIATE_TEST_SUITE_P(IfMatch, ConditionalRange, testing::ValuesIn(if_match()), ConditionalRange::name);
INSTANTIATE_TEST_SUITE_P(IfNoneMatch, ConditionalRange, testing::ValuesIn(if_none_match()),
                         ConditionalRange::name);
INSTANTIATE_TEST_SUITE_P(Dates, ConditionalRange, testing::ValuesIn(dates()), ConditionalRange::name);
INSTANTIATE_TEST_SUITE_P(Precedence, ConditionalRange, testing::ValuesIn(precedence()),
                         ConditionalRange::name);
INSTANTIATE_TEST_SUITE_P(Ranges, ConditionalRange, testing::ValuesIn(ranges()), ConditionalRange::name);
INSTANTIATE_TEST_SUITE_P(SeveralRanges, ConditionalRange, testing::ValuesIn(several_ranges()),
                         ConditionalRange::name);
INSTANTIATE_TEST_SUITE_P(IfRange, ConditionalRange, testing::ValuesIn(if_range()), ConditionalRange::name);

}  // namespace
}  // namespace wheelbarrow::http::conformance
