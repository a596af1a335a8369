#include "http/representation.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wheelbarrow::http {
namespace {

constexpr std::time_t date = 784111777;
constexpr const char* date_text = "Sun, 06 Nov 1994 08:49:37 GMT";

Representation alphabet() {
  Representation representation;
  representation.body = {Slice::of(std::string("abcdefghij")), Slice{}, Slice::of(std::string("klmnop")),
                         Slice::of_static("qrstuvwxyz")};
  representation.media_type = "application/x-tar";
  representation.coding = Coding::zstd;
  representation.validators = {"\"v1-zstd\"", date};
  representation.cache_control = "public, max-age=60";
  representation.vary = "accept-encoding";
  representation.content_location = "/bundles/x.tar";
  representation.repr_digest = sha256("abc");
  return representation;
}

using Fields_ = std::vector<std::pair<const char*, const char*>>;

Request request(const char* method, const Fields_& fields) {
  Request result;
  result.method = method;
  result.path = "/";
  for (const auto& [name, value] : fields) {
    result.fields.add(name, value);
  }
  return result;
}

std::string body(const Response& response) {
  std::string text;
  for (const Slice& slice : response.body) {
    text += slice.text();
  }
  return text;
}

std::set<std::string> names(const Response& response) {
  std::set<std::string> result;
  for (const auto& [name, value] : response.fields) {
    result.emplace(name);
  }
  return result;
}

TEST(Respond, SendsEverythingWith200) {
  const Response response = respond(request("GET", {}), alphabet());
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(body(response), "abcdefghijklmnopqrstuvwxyz");
  const Fields_ expected = {
      {"content-type", "application/x-tar"},
      {"content-encoding", "zstd"},
      {"content-location", "/bundles/x.tar"},
      {"cache-control", "public, max-age=60"},
      {"vary", "accept-encoding"},
      {"etag", "\"v1-zstd\""},
      {"last-modified", date_text},
      {"accept-ranges", "bytes"},
      {"repr-digest", "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"},
  };
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(response.fields.get(name), value) << name;
  }
  EXPECT_EQ(response.fields.size(), expected.size());
}

TEST(Respond, LeavesOutWhatIsNotKnown) {
  Representation plain;
  plain.body = {Slice::of_static("x")};
  plain.media_type = "text/plain";
  EXPECT_EQ(names(respond(request("GET", {}), plain)),
            (std::set<std::string>{"accept-ranges", "content-type"}));
}

TEST(Respond, AppliesPreconditionsAndRanges) {
  struct Case {
    const char* method;
    Fields_ fields;
    unsigned status;
    const char* body;           // null: not looked at
    const char* content_range;  // null: none
  };
  const char* all = "abcdefghijklmnopqrstuvwxyz";
  const std::vector<Case> cases = {
      {"GET", {{"range", "bytes=0-0"}}, 206, "a", "bytes 0-0/26"},
      {"GET", {{"range", "bytes=8-11"}}, 206, "ijkl", "bytes 8-11/26"},
      {"GET", {{"range", "bytes=9-16"}}, 206, "jklmnopq", "bytes 9-16/26"},
      {"GET", {{"range", "bytes=-3"}}, 206, "xyz", "bytes 23-25/26"},
      {"GET", {{"range", "bytes=0-"}}, 206, all, "bytes 0-25/26"},
      {"GET", {{"range", "bytes=26-"}}, 416, nullptr, "bytes */26"},
      {"GET", {{"range", "lines=0-1"}}, 200, all, nullptr},
      {"HEAD", {{"range", "bytes=0-0"}}, 200, all, nullptr},
      {"HEAD", {{"range", "bytes=26-"}}, 200, all, nullptr},
      {"GET", {{"range", "bytes=0-0"}, {"if-range", "\"v1-zstd\""}}, 206, "a", "bytes 0-0/26"},
      {"GET", {{"range", "bytes=0-0"}, {"if-range", "\"v1-gzip\""}}, 200, all, nullptr},
      {"GET", {{"range", "bytes=26-"}, {"if-range", "\"v1-gzip\""}}, 200, all, nullptr},
      {"GET", {{"range", "bytes=0-0"}, {"if-range", date_text}}, 206, "a", "bytes 0-0/26"},
      {"GET", {{"if-none-match", "\"v1-zstd\""}}, 304, "", nullptr},
      {"HEAD", {{"if-none-match", "\"v1-zstd\""}}, 304, "", nullptr},
      {"GET", {{"if-none-match", "\"v1-zstd\""}, {"range", "bytes=0-0"}}, 304, "", nullptr},
      {"GET", {{"if-none-match", "\"v1-gzip\""}, {"range", "bytes=0-0"}}, 206, "a", "bytes 0-0/26"},
      {"GET", {{"if-modified-since", date_text}}, 304, "", nullptr},
      {"GET", {{"if-match", "\"v2\""}}, 412, nullptr, nullptr},
      {"GET", {{"if-match", "\"v2\""}, {"range", "bytes=26-"}}, 412, nullptr, nullptr},
  };
  for (const Case& item : cases) {
    std::string input = item.method;
    for (const auto& [name, value] : item.fields) {
      input += std::string("  ") + name + ": " + value;
    }
    const Response response = respond(request(item.method, item.fields), alphabet());
    EXPECT_EQ(response.status, item.status) << input;
    if (item.body != nullptr) {
      EXPECT_EQ(body(response), item.body) << input;
    }
    EXPECT_EQ(response.fields.get("content-range").value_or("none"),
              item.content_range == nullptr ? "none" : item.content_range)
        << input;
    if (item.status == 206) {
      EXPECT_EQ(response.fields.get("content-encoding"), "zstd") << input;
    }
    if (item.status >= 400) {
      EXPECT_EQ(response.fields.get("cache-control"), "no-store") << input;
    }
  }
}

TEST(Respond, CarriesTheRightFieldsIn304) {
  EXPECT_EQ(names(respond(request("GET", {{"if-none-match", "*"}}), alphabet())),
            (std::set<std::string>{"cache-control", "content-location", "etag", "vary"}));
  Representation dated = alphabet();
  dated.validators.etag.clear();
  EXPECT_EQ(names(respond(request("GET", {{"if-modified-since", date_text}}), dated)),
            (std::set<std::string>{"cache-control", "content-location", "last-modified", "vary"}));
}

TEST(Respond, SendsSeveralRangesAsMultipart) {
  const Response response = respond(request("GET", {{"range", "bytes=8-11,-1"}}), alphabet());
  EXPECT_EQ(response.status, 206U);
  EXPECT_FALSE(response.fields.has("content-range"));
  const std::string type = response.fields.get("content-type").value_or("");
  const std::string prefix = "multipart/byteranges; boundary=";
  ASSERT_TRUE(type.starts_with(prefix)) << type;
  const std::string boundary = type.substr(prefix.size());
  EXPECT_EQ(boundary.size(), 40U);
  EXPECT_EQ(body(response),
            "--" + boundary +
                "\r\nContent-Type: application/x-tar\r\nContent-Range: bytes 8-11/26\r\n\r\nijkl"
                "\r\n--" +
                boundary +
                "\r\nContent-Type: application/x-tar\r\nContent-Range: bytes 25-25/26\r\n\r\nz"
                "\r\n--" +
                boundary + "--\r\n");
  // The same question, the same bytes; another representation, another boundary.
  EXPECT_EQ(body(respond(request("GET", {{"range", "bytes=8-11,-1"}}), alphabet())), body(response));
  Representation other = alphabet();
  other.validators.etag = "\"v2\"";
  EXPECT_EQ(body(respond(request("GET", {{"range", "bytes=8-11,-1"}}), other)).find(boundary),
            std::string::npos);
}

TEST(Respond, SharesBytesInsteadOfCopying) {
  const Representation representation = alphabet();
  const Response response = respond(request("GET", {{"range", "bytes=8-11"}}), representation);
  EXPECT_EQ(response.body[0].bytes.data(), representation.body[0].bytes.data() + 8);
}

}  // namespace
}  // namespace wheelbarrow::http
