#include "packaging/name.hpp"

#include <gtest/gtest.h>

namespace wheelbarrow::packaging {
namespace {

TEST(Name, IsValidByPep508) {
  for (const char* name : {"a", "A", "0", "Foo.Bar", "a-_.b", "zope.interface", "3to2"}) {
    EXPECT_TRUE(is_valid_name(name)) << name;
  }
  for (const char* name : {"", "-a", "a-", ".a", "a.", "_", "a b", "a/b", "a!", "caf\xC3\xA9"}) {
    EXPECT_FALSE(is_valid_name(name)) << name;
  }
}

TEST(Name, IsNormalizedByPep503) {
  const std::pair<const char*, const char*> cases[] = {
      {"Foo", "foo"},
      {"foo.bar", "foo-bar"},
      {"FOO_BAR", "foo-bar"},
      {"foo--b", "foo-b"},
      {"f-_.-b", "f-b"},
      {"", ""},
      {"ruamel.yaml", "ruamel-yaml"},
  };
  for (const auto& [name, canonical] : cases) EXPECT_EQ(canonicalize_name(name), canonical) << name;
}

}  // namespace
}  // namespace wheelbarrow::packaging
