#include "base/sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wheelbarrow {
namespace {

// FIPS 180-4 examples, as NIST publishes them.
TEST(Sha256, HashesTheStandardsExamples) {
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, HashesPiecesLikeTheWhole) {
  Sha256Hasher hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  EXPECT_EQ(hasher.finish(), sha256("abc"));
}

TEST(Sha256, WritesBase64) {
  EXPECT_EQ(sha256("abc").base64(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  EXPECT_EQ(sha256("abc").base64url(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

TEST(Sha256, ReadsHexOfEitherCaseAndNothingElse) {
  const std::string hex = sha256("abc").hex();
  std::string upper = hex;
  for (char& c : upper) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  EXPECT_EQ(Sha256::from_hex(hex), sha256("abc"));
  EXPECT_EQ(Sha256::from_hex(upper), sha256("abc"));
  for (const std::string& bad :
       {std::string(), hex + "0", hex.substr(1), "g" + hex.substr(1), " " + hex.substr(1)}) {
    EXPECT_FALSE(Sha256::from_hex(bad)) << bad;
  }
}

}  // namespace
}  // namespace wheelbarrow
