// What a resolution costs that nobody asked for before: 60 requirements over a catalog of 20,000 wheels, in
// several shapes. The catalog is in memory and has been used, the resolver remembers nothing between runs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "resolver/catalog_builder.hpp"
#include "resolver/resolver.hpp"

namespace {

using namespace wheelbarrow;
using resolver::test::CatalogBuilder;

constexpr int project_count = 1'000;
constexpr int version_count = 20;
constexpr int asked_count = 60;

std::string name_of(int project) {
  return "p" + std::to_string(project);
}

// Every wheel needs up to six projects behind it, some under markers or extras, newer versions newer ones, so
// that many requirements meet in one project. Every seventh project is compiled: a wheel for the target and
// one for another.
void add_project(CatalogBuilder& builder, std::mt19937& random, int project, bool is_picky) {
  const auto pick = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  const bool is_compiled = project % 7 == 0;
  for (int version = 1; version <= version_count; ++version) {
    if (is_compiled && version > version_count / 2) break;
    std::string metadata = "Requires-Python: >=3.8\nProvides-Extra: more\n";
    for (int i = pick(0, 6); i > 0 && project + 1 < project_count; --i) {
      const int other = std::min(project + pick(1, 60), project_count - 1);
      metadata += "Requires-Dist: " + name_of(other) + " (>=" + std::to_string(version / 2) + ",<" +
                  std::to_string(version + 12) + ")";
      const int kind = pick(1, 10);
      if (kind == 1) metadata += "; extra == 'more'";
      if (kind == 2) metadata += "; sys_platform == 'emscripten' and python_version >= '3.9'";
      if (kind == 3) metadata += "; sys_platform == 'win32'";
      metadata += "\n";
    }
    // The newest versions of a picky catalog promise each other too much.
    if (is_picky && version > version_count - 4 && project + 70 < project_count) {
      metadata +=
          "Requires-Dist: " + name_of(project + pick(40, 70)) + "<" + std::to_string(pick(2, 9)) + "\n";
    }
    const std::string start = name_of(project) + "-" + std::to_string(version);
    if (is_compiled) {
      builder.add(start + "-cp313-cp313-pyodide_2025_0_wasm32.whl", metadata);
      builder.add(start + "-cp312-cp312-pyodide_2024_0_wasm32.whl", metadata);
    } else {
      builder.add(start + "-py3-none-any.whl", metadata);
    }
  }
}

wheelhouse::Catalog make_catalog(bool is_picky) {
  std::mt19937 random(7);
  CatalogBuilder builder;
  for (int project = 0; project < project_count; ++project) add_project(builder, random, project, is_picky);
  return builder.build();
}

const wheelhouse::Catalog& easy_catalog() {
  static const wheelhouse::Catalog catalog = make_catalog(false);
  return catalog;
}

const wheelhouse::Catalog& picky_catalog() {
  static const wheelhouse::Catalog catalog = make_catalog(true);
  return catalog;
}

std::vector<std::string> sixty(const std::string& specifier) {
  std::vector<std::string> asked;
  for (int i = 0; i < asked_count; ++i) asked.push_back(name_of(i * 16) + specifier);
  return asked;
}

void run(benchmark::State& state, const wheelhouse::Catalog& catalog, const packaging::RequirementSet& set,
         bool has_solution) {
  const auto target = resolver::test::target_named("pyodide-0.29");
  std::size_t wheels = 0;
  for (auto _ : state) {
    const auto lock = resolver::resolve(catalog, target, set);
    if (lock.has_value() != has_solution || (!lock && lock.error().kind != ErrorKind::unsatisfiable)) {
      state.SkipWithError(lock ? "found a lock" : lock.error().message.c_str());
      return;
    }
    wheels = lock ? lock->wheels.size() : 0;
    benchmark::DoNotOptimize(lock);
  }
  state.counters["catalog"] = static_cast<double>(catalog.wheels().size());
  state.counters["lock"] = static_cast<double>(wheels);
}

void easy(benchmark::State& state) {
  run(state, easy_catalog(), resolver::test::set_of(sixty(">=3")), true);
}
BENCHMARK(easy)->Unit(benchmark::kMillisecond);

void one_requirement(benchmark::State& state) {
  run(state, easy_catalog(), resolver::test::set_of({"p0>=3"}), true);
}
BENCHMARK(one_requirement)->Unit(benchmark::kMillisecond);

void extras_and_constraints(benchmark::State& state) {
  std::vector<std::string> constraints;
  for (int i = 0; i < asked_count; ++i) constraints.push_back(name_of(i * 16 + 3) + "<18");
  run(state, easy_catalog(), resolver::test::set_of(sixty("[more]>=2"), constraints), true);
}
BENCHMARK(extras_and_constraints)->Unit(benchmark::kMillisecond);

void backtracking(benchmark::State& state) {
  run(state, picky_catalog(), resolver::test::set_of(sixty("")), true);
}
BENCHMARK(backtracking)->Unit(benchmark::kMillisecond);

void misspelt(benchmark::State& state) {
  std::vector<std::string> asked = sixty(">=3");
  asked.emplace_back("q16");
  run(state, easy_catalog(), resolver::test::set_of(asked), false);
}
BENCHMARK(misspelt)->Unit(benchmark::kMillisecond);

void impossible(benchmark::State& state) {
  std::vector<std::string> asked = sixty(">=18");
  asked.emplace_back("p999<2");
  asked.emplace_back("p998<2");
  run(state, easy_catalog(), resolver::test::set_of(asked), false);
}
BENCHMARK(impossible)->Unit(benchmark::kMillisecond);

// What is impossible lies deep: dependencies of what is asked for rule it out.
void impossible_in_depth(benchmark::State& state) {
  std::vector<std::string> asked = sixty(">=17");
  asked.emplace_back("p990<2");
  asked.emplace_back("p995<2");
  run(state, picky_catalog(), resolver::test::set_of(asked), false);
}
BENCHMARK(impossible_in_depth)->Unit(benchmark::kMillisecond);

}  // namespace
