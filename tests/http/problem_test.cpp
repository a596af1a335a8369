#include "http/problem.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wheelbarrow::http {
namespace {

std::string body(const Response& response) {
  std::string text;
  for (const Slice& slice : response.body) {
    text += slice.text();
  }
  return text;
}

TEST(Problem, IsAboutBlankAndNeverCached) {
  const Response response = problem(404, "No wheel of that name");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.fields.get("content-type"), "application/problem+json");
  EXPECT_EQ(response.fields.get("cache-control"), "no-store");
  EXPECT_EQ(body(response),
            "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"No wheel of that "
            "name\"}\n");
}

TEST(Problem, TakesFurtherMembers) {
  EXPECT_EQ(body(problem(404, "None", "\"balance\":30")),
            "{\"type\":\"about:blank\",\"title\":\"Not "
            "Found\",\"status\":404,\"detail\":\"None\",\"balance\":30}\n");
}

TEST(Problem, EscapesAnything) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\"\\/", "\\\"\\\\/"},
      {"a\nb\tc\r", "a\\nb\\tc\\u000d"},
      {std::string("\0\x1f\x7f", 3), "\\u0000\\u001f\x7f"},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x8D", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x8D"},
      {"a\xFF", "a\xEF\xBF\xBD"},
      {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},                                  // overlong
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},                  // a surrogate
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},  // above U+10FFFF
      {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},                                  // cut short
  };
  for (const auto& [detail, escaped] : cases) {
    const std::string text = body(problem(400, detail));
    EXPECT_NE(text.find("\"detail\":\"" + escaped + "\"}"), std::string::npos) << text;
  }
}

TEST(CommonFields, AreAddedOnlyWhereAbsent) {
  Response response;
  response.fields.add("access-control-allow-origin", "https://example.org");
  add_common_fields(response);
  add_common_fields(response);
  EXPECT_EQ(response.fields.get("access-control-allow-origin"), "https://example.org");
  EXPECT_EQ(response.fields.get("cross-origin-resource-policy"), "cross-origin");
  EXPECT_EQ(response.fields.get("timing-allow-origin"), "*");
  EXPECT_EQ(response.fields.get("x-content-type-options"), "nosniff");
  const std::string exposed = response.fields.get("access-control-expose-headers").value_or("");
  for (const char* name : {"Content-Length", "Content-Encoding", "Content-Location", "ETag", "Repr-Digest",
                           "Server-Timing", "Retry-After", "Accept-Ranges", "Content-Range"}) {
    EXPECT_NE(exposed.find(name), std::string::npos) << name;
  }
}

TEST(OptionsResponse, AllowsAPreflight) {
  const Response response = options_response("GET, HEAD, OPTIONS");
  EXPECT_EQ(response.status, 204U);
  EXPECT_EQ(response.fields.get("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(response.fields.get("access-control-allow-methods"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(response.fields.get("access-control-max-age"), "86400");
  const std::string headers = response.fields.get("access-control-allow-headers").value_or("");
  for (const char* name : {"Range", "If-None-Match", "If-Match", "If-Range", "Available-Dictionary"}) {
    EXPECT_NE(headers.find(name), std::string::npos) << name;
  }
}

TEST(ReasonPhrase, KnowsRegisteredStatuses) {
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace wheelbarrow::http
