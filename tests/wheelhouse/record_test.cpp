#include "wheelhouse/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace wheelbarrow::wheelhouse {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

RecordRow row(std::string digest, std::optional<std::uint64_t> size,
              RecordAlgorithm algorithm = RecordAlgorithm::sha256) {
  return {algorithm, std::move(digest), size};
}

struct Case {
  const char* text;
  std::vector<std::pair<std::string, RecordRow>> rows;
};

TEST(RecordTest, ReadsCsv) {
  const std::vector<Case> cases{
      {"", {}},
      {"a.py,sha256=abc,12\n", {{"a.py", row("abc", 12)}}},
      {"a.py,sha256=abc,12", {{"a.py", row("abc", 12)}}},
      {"a.py,sha256=abc=,12\r\nb.py,,\r\n", {{"a.py", row("abc", 12)}, {"b.py", row("", {})}}},
      {"\n\na.py,SHA256=abc,\n\n", {{"a.py", row("abc", {})}}},
      {"a,sha384=x,0\nb,sha512=y,0\n",
       {{"a", row("x", 0, RecordAlgorithm::sha384)}, {"b", row("y", 0, RecordAlgorithm::sha512)}}},
      {"\"a,b.py\",sha256=abc,1\n", {{"a,b.py", row("abc", 1)}}},
      {"\"say \"\"hi\"\".py\",\"sha256=abc\",\"1\"\n", {{"say \"hi\".py", row("abc", 1)}}},
      {"a,sha256=x,1\na,sha256=x,1\n", {{"a", row("x", 1)}}},
  };
  for (const Case& each : cases) {
    const auto record = parse_record(each.text, 100);
    ASSERT_TRUE(record) << each.text << ": " << record.error().text();
    EXPECT_THAT(*record, testing::UnorderedElementsAreArray(each.rows)) << each.text;
  }
}

TEST(RecordTest, RefusesWhatItCannotTrust) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"a.py\n", "not path, hash and size"},
      {"a.py,sha256=abc,1,extra\n", "not path, hash and size"},
      {"\"a.py,sha256=abc,1\n", "quote"},
      {"a.py,md5=abc,1\n", "'md5'"},
      {"a.py,sha224=abc,1\n", "'sha224'"},
      {"a.py,abc,1\n", "'abc'"},
      {"a.py,sha256,1\n", "empty hash"},
      {"a.py,sha256=abc,-1\n", "not a number"},
      {"a.py,sha256=abc,99999999999999999999999\n", "not a number"},
      {"a.py,sha256=abc,1\na.py,sha256=abc,2\n", "twice"},
  };
  for (const auto& [text, phrase] : cases) {
    const auto record = parse_record(text, 100);
    ASSERT_FALSE(record) << text;
    EXPECT_EQ(record.error().kind, ErrorKind::corrupt) << text;
    EXPECT_THAT(record.error().message, testing::HasSubstr(phrase)) << text;
  }
  const auto record = parse_record("a,,\nb,,\nc,,\n", 2);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::limit);
}

TEST(RecordTest, HashesAsPythonDoes) {
  // base64.urlsafe_b64encode(hashlib.new(name, b"abc").digest()).rstrip(b"=")
  const std::vector<std::pair<RecordAlgorithm, const char*>> cases{
      {RecordAlgorithm::sha256, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"},
      {RecordAlgorithm::sha384, "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP_W-2AhgcroefMI1i67KE0yCWn"},
      {RecordAlgorithm::sha512,
       "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05ohkpkqJ0_BqDa6PCOj_uu9RU1EI2Q86A4qmslPpUyknw"},
  };
  for (const auto& [algorithm, expected] : cases) {
    RecordHasher hasher(algorithm);
    hasher.update(std::as_bytes(std::span("abc", 3)));
    EXPECT_EQ(hasher.finish(), expected);
  }
}

}  // namespace
}  // namespace wheelbarrow::wheelhouse
