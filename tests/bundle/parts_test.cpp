#include "bundle/parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "bundle/coded_form.hpp"
#include "bundle/coded_size.hpp"

namespace wheelbarrow::bundle {
namespace {

using Set = std::vector<Weight>;
using Names = std::set<std::string>;

std::set<Names> parts_of(const Set& set, std::uint64_t limit) {
  std::set<Names> parts;
  for (const auto& part : cut(set, limit)) {
    Names names;
    for (const std::size_t i : part) {
      names.insert(set[i].name);
    }
    parts.insert(std::move(names));
  }
  return parts;
}

// Like what a real set has: many small wheels, few large ones.
Set random_set(std::mt19937& random, std::size_t count) {
  Set set;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t magnitude = std::uniform_int_distribution<std::uint64_t>(10, 24)(random);
    set.push_back({"wheel-" + std::to_string(random()), (std::uint64_t{1} << magnitude) + random() % 1000});
  }
  return set;
}

std::uint64_t size_of(const Set& set, const Names& part) {
  std::uint64_t size = 0;
  for (const Weight& member : set) {
    if (part.contains(member.name)) size += member.size;
  }
  return size;
}

std::size_t count_new(const std::set<Names>& before, const std::set<Names>& after) {
  return static_cast<std::size_t>(
      std::ranges::count_if(after, [&](const Names& part) { return !before.contains(part); }));
}

constexpr std::uint64_t limit = 32 << 20;

TEST(Cut, LeavesASetBelowTheLimitWhole) {
  EXPECT_TRUE(cut({}, limit).empty());
  EXPECT_TRUE(cut(Set{{"a", limit / 2}, {"b", limit / 2}}, limit).empty());
}

TEST(Cut, ALargeMemberStandsAlone) {
  const Set set{{"a", 1}, {"b", limit * 2}, {"c", 1}, {"d", limit / 2 + 1}, {"e", limit / 2}};
  const std::set<Names> expected{{"a", "c", "e"}, {"b"}, {"d"}};
  EXPECT_EQ(parts_of(set, limit), expected);
}

TEST(Cut, EveryPartFitsAndEveryMemberIsInOne) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const Set set = random_set(random, 1 + random() % 200);
    const std::uint64_t bound = std::uint64_t{1} << (12 + random() % 16);
    std::size_t members = 0;
    Names seen;
    for (const Names& part : parts_of(set, bound)) {
      members += part.size();
      seen.insert(part.begin(), part.end());
      EXPECT_TRUE(part.size() == 1 || size_of(set, part) <= bound) << "round " << round;
    }
    if (members == 0) {
      continue;  // not cut
    }
    EXPECT_EQ(members, set.size());
    EXPECT_EQ(seen.size(), set.size());
  }
}

TEST(Cut, TheOrderOfMembersMeansNothing) {
  std::mt19937 random(2);
  Set set = random_set(random, 150);
  const auto parts = parts_of(set, limit / 16);
  std::ranges::shuffle(set, random);
  EXPECT_EQ(parts_of(set, limit / 16), parts);
}

// The point of it all: most parts keep their members, so a browser keeps most of what it has.
TEST(Cut, AChangeOfOneMemberTouchesFewParts) {
  std::mt19937 random(3);
  std::size_t changed = 0;
  constexpr int rounds = 500;
  for (int round = 0; round < rounds; ++round) {
    const Set set = random_set(random, 200);
    const auto before = parts_of(set, limit);
    ASSERT_GE(before.size(), 4U);
    Set other = set;
    const std::size_t which = random() % set.size();
    switch (round % 3) {
      case 0:
        other[which].size = random_set(random, 1).front().size;
        break;
      case 1:
        other.erase(other.begin() + static_cast<std::ptrdiff_t>(which));
        break;
      default:
        other.push_back(random_set(random, 1).front());
    }
    const std::size_t touched = count_new(before, parts_of(other, limit));
    changed += touched;
    // A member that shrinks below half of the limit joins others, whose cuts then may fall elsewhere.
    EXPECT_LE(touched, before.size() / 2 + 1) << "round " << round;
  }
  EXPECT_LE(changed, std::size_t{rounds});
}

TEST(Cut, FillsPartsTolerably) {
  std::mt19937 random(4);
  const Set set = random_set(random, 2000);
  std::uint64_t total = 0;
  for (const Weight& member : set) {
    total += member.size;
  }
  EXPECT_LE(cut(set, limit).size(), 4 * total / limit);
}

TEST(PlanPart, SaysNothingOfTheOtherMembers) {
  Manifest whole;
  whole.target = "pyodide-0.29";
  whole.requirements = {"a"};
  whole.members.resize(3);
  whole.members[0].name = "c";
  whole.members[1].name = "b";
  whole.members[2].name = "a";
  whole.members[2].depends = {"b", "c"};
  const std::vector<std::size_t> members{2, 1};
  Manifest part = plan_part(whole, members);
  EXPECT_EQ(part.target, "pyodide-0.29");
  ASSERT_EQ(part.members.size(), 2U);
  EXPECT_EQ(part.members[0].name, "a");
  const std::string text = plan_text(part);
  EXPECT_EQ(text.find("\"c\""), std::string::npos) << text;
  whole.requirements = {"a", "d"};
  whole.members[0].version = "2";
  whole.members[2].depends = {"b", "c", "d"};
  EXPECT_EQ(plan_text(plan_part(whole, members)), text);
}

std::vector<std::byte> text_of(std::size_t size) {
  std::mt19937 random(5);
  std::string text;
  while (text.size() < size) {
    text += "def function_" + std::to_string(random() % 1000) + "(self):\n    return " +
            std::to_string(random() % 100) + "\n\n";
  }
  text.resize(size);
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(EstimateCodedSize, IsNearWhatCompressorsMake) {
  constexpr std::size_t size = std::size_t{3} * 1024 * 1024 + 17;
  std::vector<std::byte> noise(size);
  std::mt19937 random(6);
  for (std::byte& byte : noise) {
    byte = static_cast<std::byte>(random());
  }
  EXPECT_NEAR(static_cast<double>(estimate_coded_size(noise)), size, 0.01 * size);
  const auto text = text_of(size);
  const auto real = compress(text, Form::zstd, Effort::fast);
  ASSERT_TRUE(real);
  const std::uint64_t estimate = estimate_coded_size(text);
  EXPECT_GE(estimate, real->size());
  EXPECT_LE(estimate, 2 * real->size());
}

TEST(EstimateCodedSize, TakesAnyLength) {
  EXPECT_EQ(estimate_coded_size({}), 0U);
  const std::vector<std::byte> zeros(std::size_t{2} * 1024 * 1024);
  EXPECT_LE(estimate_coded_size(zeros), 100U);
  for (std::size_t size = 1; size < 40; ++size) {
    EXPECT_LE(estimate_coded_size(std::span(zeros).first(size)), size) << size;
  }
}

// Names of bundles hang on these numbers: another machine or compiler must find the same.
TEST(EstimateCodedSize, IsTheSameEverywhere) {
  EXPECT_EQ(estimate_coded_size(text_of(1'000'000)), 119'612U);
}

}  // namespace
}  // namespace wheelbarrow::bundle
