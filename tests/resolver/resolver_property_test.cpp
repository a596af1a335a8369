// Random small universes against a specification that tries everything.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "resolver/catalog_builder.hpp"
#include "resolver/resolver.hpp"
#include "resolver/specification.hpp"
#include "resolver/universe.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using packaging::RequirementSet;
using test::Chosen;
using test::Universe;

const packaging::Target& target() {
  static const packaging::Target known = test::target_named("pyodide-0.29");
  return known;
}

std::string to_text(const Chosen& chosen) {
  std::string text;
  for (const auto& [project, wheel] : chosen) text += wheel->filename + "\n";
  return text;
}

Chosen to_chosen(const Lock& lock) {
  Chosen chosen;
  for (const LockedWheel& member : lock.wheels) chosen.emplace(member.wheel->name(), member.wheel.get());
  return chosen;
}

// A lock is found exactly when there is a solution; it is the one that the order of preference says, so it
// satisfies everything and holds nothing that nobody needs; and the order of asking means nothing. The lock,
// if there is one.
std::optional<Lock> check(Universe& universe, const std::string& context) {
  const auto catalog = universe.catalog();
  const auto expected = test::best_solution(catalog, target(), universe.set());
  const auto lock = resolve(catalog, target(), universe.set());
  const auto again = resolve(catalog, target(), universe.shuffled());
  EXPECT_EQ(lock.has_value(), expected.has_value())
      << context << (lock ? "" : lock.error().message) << (expected ? to_text(*expected) : "");
  EXPECT_EQ(again.has_value(), expected.has_value()) << context;
  if (!lock) {
    EXPECT_EQ(lock.error().kind, ErrorKind::unsatisfiable) << context;
    EXPECT_EQ(lock.error().message, again ? "" : again.error().message) << context;
    return std::nullopt;
  }
  if (!expected || !again) return std::nullopt;
  EXPECT_EQ(lock->wheels.size(), expected->size()) << context;
  EXPECT_EQ(to_text(to_chosen(*lock)), to_text(*expected)) << context;
  EXPECT_EQ(to_text(to_chosen(*again)), to_text(*expected)) << context;
  EXPECT_EQ(again->requirements, lock->requirements) << context;
  return *lock;
}

std::string context_of(std::uint32_t seed, const Universe& universe) {
  return "seed " + std::to_string(seed) + "\n" + universe.description();
}

TEST(ResolverProperty, FindsWhatTheSpecificationSays) {
  constexpr std::uint32_t universes = 8'000;
  std::uint32_t found = 0;
  std::uint32_t with_prerelease = 0;
  std::uint32_t with_yanked = 0;
  std::uint32_t with_hashes = 0;
  for (std::uint32_t seed = 0; seed < universes && !HasFailure(); ++seed) {
    Universe universe(seed, {});
    const auto lock = check(universe, context_of(seed, universe));
    if (!lock) continue;
    ++found;
    const auto any = [&](auto is_so) { return std::ranges::any_of(lock->wheels, is_so) ? 1U : 0U; };
    with_prerelease += any([](const LockedWheel& member) { return member.wheel->version().is_prerelease(); });
    with_yanked += any([](const LockedWheel& member) { return member.wheel->yanked.has_value(); });
    with_hashes += universe.set().hashes.empty() ? 0 : 1;
  }
  EXPECT_GT(found, universes / 4) << "the universes should be neither all easy nor all impossible";
  EXPECT_LT(found, universes * 9 / 10);
  EXPECT_GT(with_prerelease, universes / 50);
  EXPECT_GT(with_yanked, universes / 200);
  EXPECT_GT(with_hashes, universes / 50);
}

// More projects, so that the search has decisions to jump over.
TEST(ResolverProperty, FindsWhatTheSpecificationSaysOfMoreProjects) {
  constexpr std::uint32_t universes = 3'000;
  std::uint32_t found = 0;
  for (std::uint32_t seed = 0; seed < universes && !HasFailure(); ++seed) {
    Universe universe(seed, {.projects = 8,
                             .most_asked = 5,
                             .several_wheels = false,
                             .tight = true,
                             .prereleases = false,
                             .yanked = false,
                             .hashes = false});
    if (check(universe, context_of(seed, universe))) ++found;
  }
  EXPECT_GT(found, universes / 4);
  EXPECT_LT(found, universes * 9 / 10);
}

std::string without_marker(const Requirement& requirement) {
  Requirement plain = requirement;
  plain.marker.reset();
  return plain.str();
}

// What the derivation names, of requirements whose marker holds.
std::vector<Requirement> named(const std::vector<Requirement>& requirements,
                               const std::vector<std::string>& texts) {
  std::vector<Requirement> found;
  for (const Requirement& requirement : requirements) {
    const bool holds = !requirement.marker || requirement.marker->evaluate(target().markers());
    if (holds && std::ranges::find(texts, without_marker(requirement)) != texts.end()) {
      found.push_back(requirement);
    }
  }
  return found;
}

void erase_named(std::vector<Requirement>& requirements, const std::string& text) {
  std::erase_if(requirements,
                [&](const Requirement& requirement) { return !named({requirement}, {text}).empty(); });
}

RequirementSet changed(RequirementSet set, const Remedy& remedy) {
  for (const Change& change : remedy) {
    erase_named(change.kind == Change::Kind::lift_constraint ? set.constraints : set.requirements,
                change.from);
    if (!change.to.empty()) set.requirements.push_back(test::requirements_of({change.to}).front());
  }
  return set;
}

// What is said to clash does clash, and what is said to help does help.
TEST(ResolverProperty, ExplainsTruly) {
  constexpr std::uint32_t universes = 4'000;
  std::uint32_t remedies = 0;
  for (std::uint32_t seed = 0; seed < universes; ++seed) {
    const Universe universe(seed, {});
    const auto catalog = universe.catalog();
    const auto lock = resolve(catalog, target(), universe.set());
    if (lock) continue;
    const Derivation& derivation = lock.error().derivation;
    const std::string context =
        "seed " + std::to_string(seed) + "\n" + universe.description() + lock.error().message;
    const RequirementSet set = canonical(universe.set());
    const RequirementSet clash{named(set.requirements, derivation.asked),
                               named(set.constraints, derivation.constraints), set.hashes};
    ASSERT_FALSE(clash.requirements.empty()) << context;
    ASSERT_FALSE(test::best_solution(catalog, target(), clash)) << context;
    ASSERT_FALSE(derivation.incompatibilities.empty()) << context;
    for (const Remedy& remedy : derivation.remedies) {
      ASSERT_TRUE(test::best_solution(catalog, target(), changed(set, remedy))) << context;
      ++remedies;
    }
  }
  EXPECT_GT(remedies, universes / 10);
}

// Without yanked wheels and pre-releases, fewer requirements never make it harder; then nothing can be left
// out of what clashes.
TEST(ResolverProperty, ExplainsWithTheLeast) {
  constexpr std::uint32_t universes = 4'000;
  std::uint32_t clashes = 0;
  for (std::uint32_t seed = 0; seed < universes; ++seed) {
    const Universe universe(seed, {.prereleases = false, .yanked = false, .hashes = false});
    const auto catalog = universe.catalog();
    const auto lock = resolve(catalog, target(), universe.set());
    if (lock) continue;
    const Derivation& derivation = lock.error().derivation;
    const auto is_direct = [](const Incompatibility& one) {
      return one.demands.size() == 1 && one.demands.front().size() == 1;
    };
    if (std::ranges::all_of(derivation.incompatibilities, is_direct)) continue;
    const RequirementSet set = canonical(universe.set());
    const RequirementSet clash{
        named(set.requirements, derivation.asked), named(set.constraints, derivation.constraints), {}};
    const auto check = [&](const RequirementSet& fewer) {
      ASSERT_TRUE(fewer.requirements.empty() || test::best_solution(catalog, target(), fewer))
          << "seed " << seed << "\n"
          << universe.description() << lock.error().message;
    };
    for (const std::string& asked : derivation.asked) {
      RequirementSet fewer = clash;
      erase_named(fewer.requirements, asked);
      check(fewer);
    }
    for (const std::string& constraint : derivation.constraints) {
      RequirementSet fewer = clash;
      erase_named(fewer.constraints, constraint);
      check(fewer);
    }
    ++clashes;
  }
  EXPECT_GT(clashes, universes / 20);
}

}  // namespace
}  // namespace wheelbarrow::resolver
