// What a requirement set that nobody asked for before costs when its wheels' layers exist: for 200 random
// sets, the time from requirements to a bundle in zstd, beside the time of hashing the same bytes alone,
// measured right after it.
//
//   warm_sets FOLDER-OF-WHEELS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "bundle/engine.hpp"
#include "bundle/wait.hpp"
#include "resolver/resolver.hpp"
#include "temporary_folder.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace {

using namespace wheelbarrow;
using Clock = std::chrono::steady_clock;

constexpr std::size_t set_count = 200;
constexpr unsigned seed = 20;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

class Bench {
 public:
  Bench(store::Store& store, std::shared_ptr<const wheelhouse::Catalog> catalog)
      : catalog_(std::move(catalog)),
        target_(*packaging::find_target("pyodide-0.29")),
        engine_(store, quiet()) {}

  // Nothing if the set can't be resolved.
  Result<bundle::Encoded> make(const std::vector<std::string>& names, bundle::BundlePtr& made) {
    std::vector<packaging::Requirement> requirements;
    for (const std::string& name : names) {
      requirements.push_back(*packaging::Requirement::parse(name));
    }
    const auto lock = resolver::resolve(*catalog_, target_, {requirements, {}, {}});
    if (!lock) return std::unexpected(lock.error());
    const auto planned = bundle::plan(*lock, target_, bundle::Format::site);
    const auto bundle = bundle::wait_for<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
      engine_.bundle(planned, catalog_, std::move(done));
    });
    if (!bundle) return std::unexpected(bundle.error());
    made = *bundle;
    return bundle::wait_for<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
      engine_.encode(*bundle, bundle::Form::zstd, std::move(done));
    });
  }

  double hash_alone(const bundle::BundlePtr& bundle) {
    const auto encoded = bundle::wait_for<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
      engine_.encode(bundle, bundle::Form::identity, std::move(done));
    });
    const auto begin = Clock::now();
    Sha256Hasher hasher;
    for (const Slice& slice : encoded->body) {
      hasher.update(slice.bytes);
    }
    const Sha256 hash = hasher.finish();
    const double time = milliseconds_since(begin);
    if (hash != bundle->sha256) std::fputs("a bundle's name is wrong\n", stderr);
    return time;
  }

 private:
  // Nothing else runs while it measures.
  static bundle::EngineOptions quiet() {
    bundle::EngineOptions options;
    options.upgrade = false;
    return options;
  }

  std::shared_ptr<const wheelhouse::Catalog> catalog_;
  const packaging::Target& target_;
  bundle::Engine engine_;
};

void print_row(const char* title, std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double part) {
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
  };
  std::printf("%-28s %9.3f %9.3f %9.3f %9.3f %9.3f\n", title, at(0), at(0.1), at(0.5), at(0.9), at(1));
}

int measure(const std::filesystem::path& wheels) {
  test::TemporaryFolder folder;
  wheelhouse::WheelhouseOptions options;
  options.folders = {wheels};
  const auto wheelhouse = wheelhouse::Wheelhouse::open(options);
  const auto store = store::Store::open({folder / "store", {}});
  if (!wheelhouse || !store) {
    std::fprintf(stderr, "%s\n", (!wheelhouse ? wheelhouse.error() : store.error()).text().c_str());
    return 1;
  }
  const auto catalog = (*wheelhouse)->catalog();
  Bench bench(**store, catalog);
  std::set<std::string> usable;
  bundle::BundlePtr bundle;
  for (const auto& wheel : catalog->wheels()) {
    if (bench.make({wheel->name()}, bundle)) usable.insert(wheel->name());  // makes its layer, too
  }
  std::printf(
      "%zu projects whose layers are warm; %zu random sets of them, each asked for the first time\n\n",
      usable.size(), set_count);

  std::vector<double> megabytes, fresh, hash, ratio, again;
  std::set<std::vector<std::string>> seen;
  std::mt19937 dice(seed);
  while (fresh.size() < set_count) {
    std::vector<std::string> names(usable.begin(), usable.end());
    std::shuffle(names.begin(), names.end(), dice);
    names.resize(2 + dice() % (names.size() - 1));
    std::ranges::sort(names);
    if (!seen.insert(names).second) continue;
    auto begin = Clock::now();
    const auto made = bench.make(names, bundle);
    const double time = milliseconds_since(begin);
    if (!made) continue;
    fresh.push_back(time);
    hash.push_back(bench.hash_alone(bundle));
    ratio.push_back(fresh.back() / hash.back());
    megabytes.push_back(static_cast<double>(bundle->size()) / 1e6);
    begin = Clock::now();
    if (!bench.make(names, bundle)) return 1;
    again.push_back(milliseconds_since(begin));
  }
  std::printf("%-28s %9s %9s %9s %9s %9s\n", "", "least", "10 %", "median", "90 %", "most");
  print_row("identity size, MB", megabytes);
  print_row("new set, ms", fresh);
  print_row("hashing its bytes alone, ms", hash);
  print_row("ratio of the two", ratio);
  print_row("the same set again, ms", again);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: warm_sets FOLDER-OF-WHEELS\n", stderr);
    return 2;
  }
  return measure(argv[1]);
}
