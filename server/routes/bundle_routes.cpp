#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include "bundle/delta.hpp"
#include "http/url.hpp"
#include "routes/await.hpp"
#include "routes/bundle_json.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes::bundle_routes {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

// Server-Timing (W3C "Server Timing"), durations in milliseconds.
std::string server_timing(const Timing& timing, Milliseconds total) {
  char text[96];
  std::snprintf(text, sizeof text, "resolve;dur=%.2f, build;dur=%.2f, total;dur=%.2f", timing.resolve.count(),
                timing.build.count(), total.count());
  return text;
}

// The dictionary that the client offers (RFC 9842 2.2): a Structured Field byte sequence (RFC 9651 3.3.5) of
// a SHA-256.
std::optional<Sha256> available_dictionary(const http::Request& request) {
  const auto field = request.fields.get("available-dictionary");
  constexpr std::size_t size = 46;  // 32 bytes in base64 between two colons
  if (!field || field->size() != size || field->front() != ':' || field->back() != ':') return std::nullopt;
  return Sha256::from_base64(std::string_view(*field).substr(1, size - 2));
}

// What every answer with a bundle says, whatever its coding.
void describe(http::Representation& representation, const http::Request& request,
              const bundle::Bundle& bundle, const Caching& caching) {
  representation.media_type = "application/x-tar";
  caching.write(representation);
  // A shared cache can't tell who holds the dictionary from who holds another.
  if (representation.validators.etag.contains("-dcz-")) {
    representation.cache_control = made_private(caching.rule.control);
    representation.more.erase("cdn-cache-control");
  }
  representation.vary = "accept-encoding, available-dictionary";
  // Relative to /bundle and to /bundles/<hash>.tar alike.
  representation.content_location =
      (request.path.ends_with(".tar") ? "" : "bundles/") + bundle.sha256.hex() + ".tar";
}

// Forms that are sent only if they are there.
struct Spare {
  std::optional<bundle::Encoded> delta;
  std::optional<bundle::Encoded> solid;
};

Spare find_spare(const Context& context, const http::Request& request, const bundle::BundlePtr& bundle,
                 const CatalogPtr& catalog) {
  const auto accepted = request.fields.get("accept-encoding");
  Spare spare;
  if (http::accepts(accepted, http::Coding::dcz)) {
    if (const auto held = available_dictionary(request)) {
      spare.delta = context.engine.delta(bundle, *held, catalog);
    }
  }
  if (http::accepts(accepted, http::Coding::br)) spare.solid = context.engine.solid(bundle);
  return spare;
}

boost::asio::awaitable<Result<bundle::Encoded>> encode(const Context& context, bundle::BundlePtr bundle,
                                                       http::Coding coding) {
  co_return co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
    context.engine.encode(bundle, form_of(coding), std::move(done));
  });
}

// The bundle in the coding that the client prefers. `Timing::build` takes the coding in.
Awaitable send(const Context& context, const http::Request& request, bundle::BundlePtr bundle,
               const CatalogPtr& catalog, const Caching& caching, Timing timing, Clock::time_point begin) {
  if (auto tag = stored_form(request, bundle->sha256)) {
    http::Representation stored;
    stored.validators.etag = std::move(*tag);
    describe(stored, request, *bundle, caching);
    if (http::evaluate_preconditions(request.fields, stored.validators) == http::Precondition::not_modified) {
      co_return http::respond(request, std::move(stored));
    }
  }
  Spare spare = find_spare(context, request, bundle, catalog);
  std::vector<http::Coding> available;
  if (spare.delta) available.push_back(http::Coding::dcz);
  if (spare.solid) available.push_back(http::Coding::br);
  available.insert(available.end(), all_codings().begin(), all_codings().end());
  const auto accepted = request.fields.get("accept-encoding");
  auto coding = http::negotiate(accepted, available);
  if (!coding) co_return not_acceptable();
  const auto encoding = Clock::now();
  Result<bundle::Encoded> encoded;
  if (*coding == http::Coding::dcz) {
    encoded = std::move(*spare.delta);
  } else if (*coding == http::Coding::br) {
    encoded = std::move(*spare.solid);
  } else {
    encoded = co_await encode(context, bundle, *coding);
  }
  // A full disk takes no new form; the layers are there.
  if (!encoded && encoded.error().kind == ErrorKind::io && http::negotiate(accepted, identity_only())) {
    coding = http::Coding::identity;
    encoded = co_await encode(context, bundle, *coding);
  }
  if (!encoded) co_return to_problem(encoded.error());
  const auto now = Clock::now();
  timing.build += now - encoding;
  auto representation = represent(std::move(*encoded), *coding, true);
  describe(representation, request, *bundle, caching);
  auto response = http::respond(request, std::move(representation));
  if (response.status == 200 && bundle->size() <= bundle::max_dictionary) {
    response.fields.set("use-as-dictionary", context.dictionary_match(request));
  }
  response.fields.set("server-timing", server_timing(timing, now - begin));
  co_return response;
}

// What a client that takes parts gets in place of the whole. Its addresses are relative to /bundle.
Awaitable list_parts(const Context& context, const http::Request& request, const bundle::Bundle& bundle) {
  boost::json::object answer;
  answer["target"] = bundle.manifest.target;
  answer["bundle"] = to_json(bundle, "");
  const Caching caching = context.answer_caching(CacheClass::index, context.keys_of(bundle.manifest));
  co_return co_await context.documents.text(request, boost::json::serialize(answer), "application/json",
                                            caching);
}

}  // namespace

Awaitable by_requirements(const Context& context, const http::Request& request) {
  const auto begin = Clock::now();
  if (auto refused = context.options.admission->authorize(request)) co_return std::move(*refused);
  const auto catalog = context.wheelhouse.catalog();
  const auto question = Questions::parse(request.query, catalog, context.targets, {.parts = true});
  if (!question) co_return to_problem(question.error());
  auto admitted = context.admit(request, *question);
  if (!admitted) co_return std::move(admitted.error());
  Timing timing;
  const auto bundle = co_await context.questions.bundle(*question, timing);
  if (!bundle) co_return to_problem(bundle.error());
  if (question->list_parts && !(*bundle)->manifest.parts.empty())
    co_return co_await list_parts(context, request, **bundle);
  const Caching caching = context.answer_caching(CacheClass::bundle, context.keys_of((*bundle)->manifest));
  co_return co_await send(context, request, *bundle, catalog, caching, timing, begin);
}

Awaitable by_hash(const Context& context, const http::Request& request, std::string_view path) {
  const auto begin = Clock::now();
  const auto hash = path.ends_with(".tar") ? Sha256::from_hex(path.substr(0, path.size() - 4)) : std::nullopt;
  // One spelling per bundle, so that caches hold it once.
  if (!hash || hash->hex() != path.substr(0, 64)) {
    co_return not_found("a bundle's URL is /bundles/<64 lower-case hexadecimal digits>.tar");
  }
  const auto catalog = context.wheelhouse.catalog();
  const auto bundle = co_await await_result<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
    context.engine.find_bundle(*hash, catalog, std::move(done));
  });
  if (!bundle) co_return to_problem(bundle.error());
  Timing timing;
  timing.build = Clock::now() - begin;
  const Caching caching = context.caching(CacheClass::hashed, context.keys_of((*bundle)->manifest));
  co_return co_await send(context, request, *bundle, catalog, caching, timing, begin);
}

}  // namespace wheelbarrow::routes::bundle_routes
