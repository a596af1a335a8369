// What every group of routes works with; private to this room.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bundle/lru_cache.hpp"
#include "http/problem.hpp"
#include "http/url.hpp"
#include "routes/document.hpp"
#include "routes/hot_representations.hpp"
#include "routes/question.hpp"
#include "routes/router.hpp"

namespace wheelbarrow::routes {

using Awaitable = boost::asio::awaitable<http::Response>;

// The files of a Pyodide distribution that are its runtime, and their state.
struct Listing {
  std::chrono::steady_clock::time_point read;
  std::vector<std::filesystem::path> parts;
  std::string state;
};

// The same with what is in them.
struct Release {
  std::vector<std::pair<std::string, Sha256>> parts;  // by file name
  std::optional<store::Blob> library;                 // as it is in the folder
  std::optional<store::Blob> compiled_library;        // if there is one by now
  std::string plain;                                  // the release's name with the one,
  std::string compiled;                               // and with the other
};

struct Context {
  const wheelhouse::Wheelhouse& wheelhouse;
  bundle::Engine& engine;
  RouterOptions options;
  mutable Targets targets;
  mutable Questions questions;
  mutable Documents documents;
  mutable HotRepresentations hot;
  // Of a Pyodide distribution, by the state of its files.
  mutable bundle::LruCache<Release> releases{8};
  mutable bundle::LruCache<Listing> listings{8};  // by its folder

  Context(const wheelhouse::Wheelhouse& house, bundle::Engine& builder, RouterOptions given)
      : wheelhouse(house),
        engine(builder),
        options(std::move(given)),
        targets(options.default_target, options.targets),
        questions(builder, options.bytecode, options.set_limits),
        documents(builder) {
    if (!options.admission) options.admission = std::move(*Admission::make({}));
  }

  // Where this server begins in public addresses, without a trailing slash: as configured, or as the request
  // says ("https://host:port/prefix").
  std::string base_url(const http::Request& request) const {
    return options.base_url.empty() ? request.scheme + "://" + request.authority + request.prefix
                                    : options.base_url;
  }

  // Use-As-Dictionary (RFC 9842 2.1) of every bundle: it is a dictionary for all bundles, in either kind of
  // URL.
  std::string dictionary_match(const http::Request& request) const {
    return "match=\"" +
           std::string(options.base_url.empty() ? request.prefix : http::path_of(options.base_url)) +
           "/bundle*\"";
  }

  Caching caching(CacheClass which, std::optional<CacheKeys> keys = {}) const {
    return {options.caching.of(which), std::move(keys), options.cache_keys};
  }
  // Of what a question is answered with: where that takes a token, no shared cache may keep it.
  Caching answer_caching(CacheClass which, std::optional<CacheKeys> keys) const {
    Caching made = caching(which, std::move(keys));
    if (options.admission->is_guarded()) made.rule = {made_private(made.rule.control), ""};
    return made;
  }

  // Nothing unless they are sent.
  std::optional<CacheKeys> keys_of(const bundle::Manifest& manifest) const {
    if (options.cache_keys == KeyFields::none) return std::nullopt;
    CacheKeys keys;
    for (const bundle::Member& member : manifest.members) {
      keys.add(member.name, member.wheel);
    }
    return keys;
  }
  std::optional<CacheKeys> keys_of(const wheelhouse::Wheel& wheel) const {
    if (options.cache_keys == KeyFields::none) return std::nullopt;
    CacheKeys keys;
    keys.add(wheel.name(), wheel.sha256);
    return keys;
  }

  // See Admission::admit(). `whole`: the question is answered with the bundle, not the lock alone.
  std::expected<ColdBuilds::Ticket, http::Response> admit(const http::Request& request,
                                                          const Question& question, bool whole = true) const {
    if (options.admission->takes_all()) return ColdBuilds::Ticket();
    if (options.admission->has_list() && !targets.is_named(*question.catalog, *question.target)) {
      return std::unexpected(http::problem(
          403, "this server answers a list of requirement sets only, and those for targets with a name"));
    }
    const std::string key = Questions::key_of(question);
    const bool known = questions.is_known(key, whole);
    return options.admission->admit(request, question.asked, known ? std::nullopt : std::optional(key));
  }
};

// The distribution's target. REQUIRES: the catalog has a distribution.
inline TargetPtr own_target(const Context& context, const wheelhouse::Catalog& catalog) {
  return *context.targets.find(catalog, catalog.pyodide()->target.name());
}

// One group of URLs each. `path` is decoded and has been matched against the group's prefix.
namespace bundle_routes {
Awaitable by_requirements(const Context& context, const http::Request& request);
Awaitable by_hash(const Context& context, const http::Request& request, std::string_view path);
}  // namespace bundle_routes
namespace resolve_routes {
Awaitable resolve(const Context& context, const http::Request& request);
Awaitable pyodide_lock(const Context& context, const http::Request& request);
}  // namespace resolve_routes
namespace wheel_routes {
Awaitable wheel(const Context& context, const http::Request& request, std::string_view path);
}
namespace index_routes {
// /simple, and what is below /simple/.
Awaitable root(const http::Request& request);
Awaitable page(const Context& context, const http::Request& request, std::string_view path);
}  // namespace index_routes
namespace runtime_routes {
// Below /pyodide/: whether a path is the module that a page begins with, Python's library, or a file below a
// release's name.
bool is_entry(std::string_view path);
bool is_library(std::string_view path);
bool is_pinned(std::string_view path);
// REQUIRES of all: the catalog has a distribution.
Awaitable entry(const Context& context, const http::Request& request);
Awaitable pinned(const Context& context, const http::Request& request, std::string_view path);
// A file of it as it is now, in a class of answers.
Awaitable unpinned(const Context& context, const http::Request& request, std::string_view name,
                   CacheClass which);
}  // namespace runtime_routes
namespace upload_routes {
// REQUIRES: Uploads::is_meant(), and what its receive() gave is the request's body.
Awaitable upload(const Context& context, const http::Request& request);
}  // namespace upload_routes
namespace environment_routes {
Awaitable file(const Context& context, const http::Request& request, std::string_view path);
}
namespace client_routes {
// The pages / and /compare.
Awaitable landing(const Context& context, const http::Request& request);
Awaitable compare(const Context& context, const http::Request& request);
Awaitable asset(const Context& context, const http::Request& request, std::string_view path);
}  // namespace client_routes

}  // namespace wheelbarrow::routes
