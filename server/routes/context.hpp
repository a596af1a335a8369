// What every group of routes works with; private to this room.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "bundle/lru_cache.hpp"
#include "routes/document.hpp"
#include "routes/hot_representations.hpp"
#include "routes/question.hpp"
#include "routes/router.hpp"

namespace wheelbarrow::routes {

using Awaitable = boost::asio::awaitable<http::Response>;

// The path in an absolute URL without a trailing slash: what a proxy in front strips. Empty if there is none.
inline std::string path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = scheme == std::string_view::npos ? scheme : url.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string() : std::string(url.substr(slash));
}

struct Context {
  const wheelhouse::Wheelhouse& wheelhouse;
  bundle::Engine& engine;
  RouterOptions options;
  mutable Targets targets;
  mutable Questions questions;
  mutable Documents documents;
  mutable HotRepresentations hot;
  // Use-As-Dictionary (RFC 9842 2.1) of every bundle: it is a dictionary for all bundles, in either kind of
  // URL.
  std::string dictionary_match;

  Context(const wheelhouse::Wheelhouse& house, bundle::Engine& builder, RouterOptions given)
      : wheelhouse(house),
        engine(builder),
        options(std::move(given)),
        targets(options.default_target, options.targets),
        questions(builder, options.bytecode),
        documents(builder),
        dictionary_match("match=\"" + path_of(options.base_url) + "/bundle*\"") {}

  // "https://host:port" or the configured base URL, without a trailing slash.
  std::string base_url(const http::Request& request) const {
    return options.base_url.empty() ? request.scheme + "://" + request.authority : options.base_url;
  }
};

// The distribution's target. REQUIRES: the catalog has a distribution.
inline TargetPtr own_target(const Context& context, const wheelhouse::Catalog& catalog) {
  return *context.targets.find(catalog, catalog.pyodide()->target.name());
}

// Cache-Control by class of URL.
inline constexpr const char* cache_immutable = "public, max-age=31536000, immutable";
// Of bundles by requirements. A browser forgets a dictionary when the response that brought it may no longer
// be used, so this is how long a returning client is sent a delta. Within that time it starts from what it
// has, reachable server or not, and fetches what is new meanwhile (RFC 5861).
inline constexpr const char* cache_bundle =
    "public, max-age=60, stale-while-revalidate=604800, stale-if-error=604800";
inline constexpr const char* cache_short = "public, max-age=60, stale-while-revalidate=600";
inline constexpr const char* cache_runtime = "public, max-age=600";
inline constexpr const char* cache_revalidate = "public, no-cache";

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
