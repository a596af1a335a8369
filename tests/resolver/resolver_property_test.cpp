// Random small universes against brute force: a lock is found exactly when some choice of wheels satisfies
// everything, and the lock is such a choice.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "resolver/catalog_builder.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::resolver {
namespace {

using packaging::Requirement;
using wheelhouse::Wheel;
using wheelhouse::WheelPtr;

constexpr int projects = 5;
const std::vector<std::string> versions = {"1", "2", "3a1"};

class Universe {
 public:
  explicit Universe(std::uint32_t seed) : random_(seed) {
    for (int project = 0; project < projects; ++project) {
      for (const std::string& version : versions) {
        if (chance(80)) builder_.add_pure(name(project), version, metadata(project, version));
      }
    }
    const int count = pick(1, 3);
    for (int i = 0; i < count; ++i) asked_.push_back(requirement(pick(0, projects - 1)));
  }

  wheelhouse::Catalog catalog() const { return builder_.build(); }
  const std::vector<std::string>& asked() const { return asked_; }
  const std::string& description() const { return description_; }

 private:
  bool chance(int percent) { return pick(1, 100) <= percent; }
  int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  static std::string name(int project) { return std::string(1, static_cast<char>('a' + project)); }

  std::string requirement(int project) {
    static const std::vector<std::string> clauses = {"",    "",      ">1",    "<2",   "==2",
                                                     "!=2", ">=3a1", "~=1.0", "==1.*"};
    const std::string extra = chance(25) ? (chance(50) ? "[x]" : "[x,y]") : "";
    return name(project) + extra +
           clauses[static_cast<std::size_t>(pick(0, static_cast<int>(clauses.size()) - 1))];
  }

  std::string metadata(int project, const std::string& version) {
    std::string lines = chance(10) ? "Requires-Python: <3\n" : "";
    const int count = pick(0, 3);
    for (int i = 0; i < count; ++i) {
      lines += "Requires-Dist: " + requirement(pick(0, projects - 1 + (chance(5) ? 1 : 0)));
      if (chance(30)) lines += chance(50) ? "; extra == 'x'" : "; extra == 'y'";
      lines += "\n";
    }
    description_ += name(project) + " " + version + "\n" + lines;
    return lines;
  }

  std::mt19937 random_;
  test::CatalogBuilder builder_;
  std::vector<std::string> asked_;
  std::string description_;
};

using Chosen = std::map<std::string, const Wheel*>;

bool requirement_applies(const Requirement& requirement, const packaging::Target& target,
                         const std::set<std::string>& extras) {
  if (!requirement.marker || requirement.marker->evaluate(target.markers())) return true;
  return std::ranges::any_of(extras, [&](const std::string& extra) {
    return requirement.marker->evaluate(target.markers(), extra);
  });
}

// Whether the choice contains what is asked for and what its members need, by growing the set of requirements
// in force until nothing is added. Members that nobody needs are no fault here.
bool satisfies(const Chosen& chosen, const packaging::Target& target, const std::vector<Requirement>& asked) {
  std::map<std::string, std::set<std::string>> extras;  // of needed projects
  const auto meet = [&](const Requirement& requirement) {
    const auto found = chosen.find(requirement.name);
    if (found == chosen.end() || !requirement.specifier.contains(found->second->version())) return false;
    extras[requirement.name].insert(requirement.extras.begin(), requirement.extras.end());
    return true;
  };
  for (const Requirement& requirement : asked) {
    if (!meet(requirement)) return false;
  }
  for (;;) {
    const auto before = extras;
    for (const auto& [name, wanted] : before) {
      const Wheel& wheel = *chosen.at(name);
      if (!wheel.metadata.requires_python.contains(target.python())) return false;
      for (const Requirement& requirement : wheel.metadata.requires_dist) {
        if (requirement_applies(requirement, target, wanted) && !meet(requirement)) return false;
      }
    }
    if (extras == before) return true;
  }
}

bool brute_force(const wheelhouse::Catalog& catalog, const packaging::Target& target,
                 const std::vector<Requirement>& asked, int project, Chosen& chosen) {
  if (project == projects) return satisfies(chosen, target, asked);
  const std::string name(1, static_cast<char>('a' + project));
  if (brute_force(catalog, target, asked, project + 1, chosen)) return true;
  for (const WheelPtr& wheel : catalog.project(name)) {
    chosen[name] = wheel.get();
    if (brute_force(catalog, target, asked, project + 1, chosen)) return true;
    chosen.erase(name);
  }
  return false;
}

TEST(ResolverProperty, FindsALockExactlyWhenThereIsOne) {
  const auto target = test::target_named("pyodide-0.29");
  int found = 0;
  constexpr std::uint32_t universes = 4'000;
  for (std::uint32_t seed = 0; seed < universes; ++seed) {
    const Universe universe(seed);
    const auto catalog = universe.catalog();
    const auto asked = test::requirements_of(universe.asked());
    const auto lock = resolve(catalog, target, asked);
    const auto context = [&] {
      return "seed " + std::to_string(seed) + "\n" + universe.description() +
             "asked: " + ::testing::PrintToString(universe.asked()) +
             (lock ? "" : "\n" + lock.error().message);
    };
    Chosen chosen;
    ASSERT_EQ(lock.has_value(), brute_force(catalog, target, asked, 0, chosen)) << context();
    if (!lock) {
      ASSERT_EQ(lock.error().kind, ErrorKind::unsatisfiable) << context();
      ASSERT_FALSE(lock.error().message.empty()) << context();
      continue;
    }
    ++found;
    Chosen locked;
    for (const LockedWheel& member : lock->wheels) {
      ASSERT_TRUE(locked.emplace(member.wheel->name(), member.wheel.get()).second) << context();
    }
    ASSERT_TRUE(satisfies(locked, target, asked)) << context();
    for (const LockedWheel& member : lock->wheels) {
      Chosen fewer = locked;
      fewer.erase(member.wheel->name());
      ASSERT_FALSE(satisfies(fewer, target, asked)) << "superfluous: " << member.wheel->name() << "\n"
                                                    << context();
    }
  }
  EXPECT_GT(found, universes / 4) << "the universes should be neither all easy nor all impossible";
  EXPECT_LT(found, universes * 9 / 10);
}

}  // namespace
}  // namespace wheelbarrow::resolver
