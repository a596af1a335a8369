#include "app/origin_options.hpp"

#include <limits>
#include <utility>

#include "app/size_option.hpp"

namespace wheelbarrow::app {
namespace {

routes::KeyFields key_fields(const std::string& name) {
  if (name == "surrogate-key") return routes::KeyFields::surrogate_key;
  if (name == "cache-tag") return routes::KeyFields::cache_tag;
  return name == "both" ? routes::KeyFields::both : routes::KeyFields::none;
}

}  // namespace

void OriginOptions::add_options(CLI::App& app) {
  app.add_option(
         "--cache-control", cache_control,
         "Cache-Control of a class of answers: hashed, bundle, index, runtime, pages; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CLASS=DIRECTIVES")
      ->envname("WHEELBARROW_CACHE_CONTROL");
  app.add_option("--cdn-cache-control", cdn_cache_control,
                 "CDN-Cache-Control (RFC 9213) of a class, for shared caches alone; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CLASS=DIRECTIVES")
      ->envname("WHEELBARROW_CDN_CACHE_CONTROL");
  app.add_option("--cache-keys", cache_keys,
                 "fields that name the wheels in an answer, for purging: Surrogate-Key, Cache-Tag")
      ->check(CLI::IsMember({"none", "surrogate-key", "cache-tag", "both"}))
      ->type_name("none|surrogate-key|cache-tag|both")
      ->envname("WHEELBARROW_CACHE_KEYS")
      ->capture_default_str();
  app.add_option("--allowed-sets", allowed_sets,
                 "the only requirement sets that are answered, one a line ('numpy, lxml>=5'); others get 403")
      ->type_name("FILE")
      ->envname("WHEELBARROW_ALLOWED_SETS");
  const auto number = [&app](const char* name, auto& value, const char* help, const char* environment) {
    return app.add_option(name, value, help)
        ->type_name("N")
        ->envname(environment)
        ->check(CLI::Range(0, std::numeric_limits<int>::max()))
        ->capture_default_str();
  };
  number("--max-set-wheels", set_limits.max_wheels, "wheels that a set may need; 0: any number; more get 422",
         "WHEELBARROW_MAX_SET_WHEELS");
  take_size(app.add_option("--max-set-size", set_limits.max_size,
                           "bytes that a set's wheels may have unpacked; 0: any number; more get 422"))
      ->envname("WHEELBARROW_MAX_SET_SIZE")
      ->default_str("0");
  number(
      "--cold-builds", cold_builds,
      "sets that nobody has asked for yet, of one IPv4 address or IPv6 /64 at once and in a minute; 0: any "
      "number; more get 429",
      "WHEELBARROW_COLD_BUILDS");
  app.add_option("--bundle-token", token,
                 "file with the token that whoever names requirements must send as Authorization: Bearer; "
                 "hashed addresses need none")
      ->type_name("FILE")
      ->envname("WHEELBARROW_BUNDLE_TOKEN");
}

Result<void> OriginOptions::apply(routes::RouterOptions& router) const {
  for (const std::string& text : cache_control) {
    if (auto set = router.caching.set_control(text); !set) return set;
  }
  for (const std::string& text : cdn_cache_control) {
    if (auto set = router.caching.set_cdn(text); !set) return set;
  }
  router.cache_keys = key_fields(cache_keys);
  router.set_limits = set_limits;
  auto admission =
      routes::Admission::make({.token = token, .allowed_sets = allowed_sets, .cold_builds = cold_builds});
  if (!admission) return std::unexpected(admission.error());
  router.admission = std::move(*admission);
  return {};
}

}  // namespace wheelbarrow::app
