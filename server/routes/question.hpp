// The question that /bundle, /resolve and /env ask: requirements, target, format. And its answers,
// remembered.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "bundle/engine.hpp"
#include "bundle/lru_cache.hpp"
#include "bundle/single_flight.hpp"
#include "packaging/requirement_set.hpp"
#include "resolver/resolver.hpp"
#include "routes/set_limits.hpp"
#include "routes/targets.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

using CatalogPtr = std::shared_ptr<const wheelhouse::Catalog>;

// What a set resolves to, and its plan as a bundle.
struct Resolution {
  resolver::Lock lock;
  bundle::Manifest planned;
  CatalogPtr catalog;  // that it was resolved on
};
using ResolutionPtr = std::shared_ptr<const Resolution>;

// What /resolve answers with.
enum class Output { json, pylock };

struct Question {
  CatalogPtr catalog;
  packaging::RequirementSet asked;
  TargetPtr target;
  bundle::Format format = bundle::Format::site;
  bundle::StripSet strip = {};
  // As asked for; without, the server's default where a compiler is there, else off.
  std::optional<bundle::BytecodeMode> bytecode = {};
  Output output = Output::json;
  bool list_parts = false;  // a bundle that is cut is answered by the list of its parts
};

// What happened on the way to an answer, for Server-Timing.
struct Timing {
  std::chrono::duration<double, std::milli> resolve{};
  std::chrono::duration<double, std::milli> build{};
};

class Questions {
 public:
  template <class T>
  using Answer = std::expected<T, resolver::Failure>;

  Questions(bundle::Engine& engine, bundle::BytecodeMode default_bytecode, SetLimits limits)
      : engine_(engine), default_bytecode_(default_bytecode), limits_(limits) {}

  // Names what a question asks, of whichever catalog: equal sets in any order have equal names.
  static std::string set_of(const Question& question);
  // The same of its own catalog.
  static std::string key_of(const Question& question) {
    return question.catalog->id().hex() + set_of(question);
  }

  // Whether the answer to the question of that key_of() is remembered: the bundle, or with `whole` false the
  // resolution. Why there is none is an answer, too.
  bool is_known(const std::string& key, bool whole);

  // Reads `r` and `c` (requirements and constraints, both repeated), `target`, `format`, `bytecode`, `strip`
  // (may be repeated), and where they are wanted `output` and `parts` of a query; other names are refused,
  // because a misspelt option would silently give another bundle. Without a `target`, `fallback` is meant, or
  // if that is null the standard one.
  struct Parameters {
    TargetPtr fallback = nullptr;
    bool output = false;
    bool parts = false;
  };
  static Result<Question> parse(std::string_view query, CatalogPtr catalog, Targets& targets,
                                Parameters parameters);

  // Resolves in a build thread; answers and explanations are remembered per catalog, for equal sets together.
  boost::asio::awaitable<Answer<ResolutionPtr>> resolve(const Question& question);
  // Resolves and makes the bundle. A set that was asked for before costs a look-up.
  boost::asio::awaitable<Answer<bundle::BundlePtr>> bundle(const Question& question, Timing& timing);

  // Makes what the sets that are asked for most resolve to on a new catalog, and the deltas from what they
  // resolved to before, so that they are ready for clients who return. One set after the other, beside what
  // clients wait for; a newer catalog ends it. Doesn't wait for it. REQUIRES: this object outlives the
  // engine's work.
  void prepare(const CatalogPtr& catalog);

  bundle::CacheCounts resolution_counts() const { return resolutions_.counts(); }
  bundle::CacheCounts bundle_counts() const { return bundles_.counts(); }

  // Forgets half of the bundles.
  void let_go() { bundles_.forget_half(); }

  // Destroys what waits, uncalled.
  void stop() { flights_.clear(); }

 private:
  // A set that was asked for, on whichever catalog.
  struct Asked {
    Question question;  // without its catalog
    Sha256 bundle;      // what it was last
    std::uint64_t times = 0;
  };

  // What prepare() has still to do.
  struct Preparation {
    std::uint64_t number = 0;
    std::vector<Question> questions;  // the next one last
  };

  void prepare_next(const std::shared_ptr<Preparation>& preparation);
  void note(const Question& question, const std::string& set, const bundle::BundlePtr& bundle);

  Answer<ResolutionPtr> resolve_now(const Question& question) const;
  Result<std::optional<bundle::BytecodeRecipe>> bytecode_for(const Question& question) const;

  bundle::Engine& engine_;
  bundle::BytecodeMode default_bytecode_;
  SetLimits limits_;
  bundle::LruCache<Asked> asked_{256};
  std::atomic<std::uint64_t> preparations_ = 0;
  bundle::LruCache<ResolutionPtr> resolutions_{bundle::remembered_members};
  // Each may hold a hundred kilobytes of explanation, and clients choose what can't be met.
  bundle::LruCache<std::shared_ptr<const resolver::Failure>> failures_{64};
  bundle::LruCache<bundle::BundlePtr> bundles_{bundle::remembered_members};
  bundle::SingleFlight<Answer<ResolutionPtr>> flights_;
};

}  // namespace wheelbarrow::routes
