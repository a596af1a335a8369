#include "bundle/marshal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wheelbarrow::bundle {
namespace {

using namespace std::string_literals;

std::string number(std::uint32_t value) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) {
    text += static_cast<char>(value >> shift & 0xff);
  }
  return text;
}

std::string flagged(std::string object) {
  object[0] = static_cast<char>(static_cast<unsigned char>(object[0]) | 0x80);
  return object;
}

std::string short_text(const std::string& text, char type = 'z') {
  return type + std::string(1, static_cast<char>(text.size())) + text;
}

std::string tuple(const std::vector<std::string>& parts) {
  std::string text = ")" + std::string(1, static_cast<char>(parts.size()));
  for (const std::string& part : parts) {
    text += part;
  }
  return text;
}

std::string frozenset(const std::vector<std::string>& parts) {
  std::string text = ">" + number(static_cast<std::uint32_t>(parts.size()));
  for (const std::string& part : parts) {
    text += part;
  }
  return text;
}

std::string reference(std::uint32_t place) {
  return 'r' + number(place);
}

// A code object with these constants.
std::string code(const std::string& constants) {
  const std::string bytes = 's' + number(2) + "\x97\0"s;
  return 'c' + number(0) + number(0) + number(0) + number(1) + number(64) + bytes + constants + tuple({}) +
         tuple({}) + 's' + number(0) + short_text("/lib/x.py") + short_text("m") + short_text("m") +
         number(1) + 's' + number(0) + 's' + number(0);
}

std::string canonical(const std::string& marshalled) {
  const auto made = canonical_code(marshalled, Locations::columns);
  EXPECT_TRUE(made) << made.error().text();
  return made.value_or("");
}

TEST(Marshal, MarksWhatIsReferredToAndNothingElse) {
  const std::string plain = code(tuple({short_text("long enough"), "N", 'i' + number(7)}));
  EXPECT_EQ(canonical(plain), canonical(flagged(plain)));
  const std::string marked =
      code(flagged(tuple({flagged(short_text("long enough")), "N", flagged('i' + number(7))})));
  EXPECT_EQ(canonical(marked), canonical(plain));
  EXPECT_EQ(canonical(canonical(marked)), canonical(plain));
}

TEST(Marshal, EqualConstantsAreOneObject) {
  const std::string text = short_text("a constant");
  EXPECT_EQ(canonical(code(tuple({flagged(text), reference(0)}))), canonical(code(tuple({text, text}))));
  EXPECT_EQ(canonical(code(tuple({flagged(tuple({text})), reference(0)}))),
            canonical(code(tuple({tuple({text}), tuple({text})}))));
  EXPECT_NE(canonical(code(tuple({text, text}))).find(reference(0)), std::string::npos);
}

TEST(Marshal, DifferentTypesAreDifferentConstants) {
  const std::string one = 'i' + number(1);
  const std::string minus_zero = "g\0\0\0\0\0\0\0\x80"s;
  const std::string zero = "g\0\0\0\0\0\0\0\0"s;
  EXPECT_EQ(canonical(code(tuple({one, "T", zero, minus_zero}))).find('r' + number(0)), std::string::npos);
}

TEST(Marshal, InterningFollowsTheText) {
  for (const char type : {'z', 'Z'}) {
    EXPECT_EQ(canonical(code(tuple({short_text("name_1", type)}))),
              canonical(code(tuple({short_text("name_1")}))));
    EXPECT_EQ(canonical(code(tuple({short_text("a b", type)}))), canonical(code(tuple({short_text("a b")}))));
  }
  const std::string umlaut = "\xc3\xbc";
  EXPECT_EQ(canonical(code(tuple({'t' + number(2) + umlaut}))),
            canonical(code(tuple({'u' + number(2) + umlaut}))));
  EXPECT_EQ(canonical(code(tuple({'a' + number(1) + "x"}))), canonical(code(tuple({short_text("x")}))));
}

TEST(Marshal, SetsHaveOneOrder) {
  const std::vector<std::string> parts{short_text("one thing"), 'i' + number(2), "N", tuple({"T", "F"})};
  const std::string expected = canonical(code(tuple({frozenset(parts)})));
  EXPECT_EQ(canonical(code(tuple({frozenset({parts[3], parts[1], parts[0], parts[2]})}))), expected);
  EXPECT_EQ(
      canonical(code(tuple({flagged(parts[0]), frozenset({parts[3], reference(0), parts[1], parts[2]})}))),
      canonical(code(tuple({parts[0], frozenset(parts)}))));
}

TEST(Marshal, CodeObjectsStaySeveral) {
  const std::string inner = code(tuple({"N"}));
  const std::string two = canonical(code(tuple({inner, inner})));
  EXPECT_GT(two.size(), canonical(code(tuple({inner}))).size() + 50);
  EXPECT_EQ(canonical(code(tuple({flagged(inner), reference(0)}))).size(),
            canonical(code(tuple({inner}))).size() + 5);
}

TEST(Marshal, WhereOnlyLinesAreWantedThereAreNoColumns) {
  const std::string columns = "\xf2\x02\0\x01\x05"s;  // an instruction in the next line, where in it
  const std::string lines = "\xea\x02"s;
  const auto with = [](const std::string& table) {
    std::string inner = code(tuple({"N"}));
    const std::size_t tables = inner.size() - 2 * (1 + 4);
    return code(
        tuple({inner.replace(tables, 5, 's' + number(static_cast<std::uint32_t>(table.size())) + table)}));
  };
  EXPECT_EQ(canonical_code(with(columns), Locations::lines), canonical(with(lines)));
  EXPECT_NE(canonical(with(columns)), canonical(with(lines)));
  EXPECT_FALSE(canonical_code(with("\x12"), Locations::lines)) << "no such table";
}

TEST(Marshal, RefusesWhatIsNoCode) {
  const std::string good =
      code(tuple({short_text("text"), frozenset({"N", "T"}), "l" + number(2) + "\1\0\2\0"s}));
  ASSERT_FALSE(canonical(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(canonical_code(good.substr(0, size), Locations::columns)) << size;
  }
  for (const std::string& bad :
       {good + "N", "N"s, tuple({good}), "{0"s, "["s + number(0), code("N"), code(tuple({reference(0)})),
        code(flagged(tuple({reference(0)}))), code("(" + number(0xffffffff)),
        code(tuple({"s" + number(0xffffffff)})), code(tuple({"l" + number(0x80000000)}))}) {
    EXPECT_FALSE(canonical_code(bad, Locations::columns));
  }
}

TEST(Marshal, DepthIsLimited) {
  std::string nested = "N";
  for (int i = 0; i < 100'000; ++i) {
    nested.insert(0, ")\1");
  }
  EXPECT_EQ(canonical_code(code(nested), Locations::columns).error().kind, ErrorKind::limit);
  // As deep, by references: each tuple holds the one before.
  std::vector<std::string> parts{flagged(tuple({"N"}))};
  for (std::uint32_t i = 0; i < 200; ++i) {
    parts.push_back(flagged(tuple({reference(i)})));
  }
  EXPECT_TRUE(canonical_code(code(tuple(parts)), Locations::columns));
  std::string pile = "(" + number(50'001) + flagged(tuple({"N"}));
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    pile += flagged(tuple({reference(i)}));
  }
  EXPECT_EQ(canonical_code(code(pile), Locations::columns).error().kind, ErrorKind::limit);
}

TEST(Marshal, SurvivesEveryChangeOfAByte) {
  const std::string good =
      code(flagged(tuple({flagged(short_text("text")), frozenset({"N", reference(1)})})));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = good;
      changed[i] = static_cast<char>(byte);
      std::ignore = canonical_code(changed, Locations::columns);
    }
  }
}

}  // namespace
}  // namespace wheelbarrow::bundle
