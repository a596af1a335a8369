#include <chrono>
#include <cstdio>

#include "http/url.hpp"
#include "routes/await.hpp"
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

// The bundle in the coding that the client prefers. `Timing::build` takes the coding in.
Awaitable send(const Context& context, const http::Request& request, bundle::BundlePtr bundle,
               std::string_view cache_control, Timing timing, Clock::time_point begin) {
  const auto coding = http::negotiate(request.fields.get("accept-encoding"), all_codings());
  if (!coding) co_return not_acceptable();
  const auto encoding = Clock::now();
  auto encoded = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
    context.engine.encode(bundle, form_of(*coding), std::move(done));
  });
  if (!encoded) co_return to_problem(encoded.error());
  const auto now = Clock::now();
  timing.build += now - encoding;
  auto representation = represent(std::move(*encoded), *coding, true);
  representation.media_type = "application/x-tar";
  representation.cache_control = cache_control;
  // Relative to /bundle and to /bundles/<hash>.tar alike.
  representation.content_location =
      (request.path.ends_with(".tar") ? "" : "bundles/") + bundle->sha256.hex() + ".tar";
  auto response = http::respond(request, std::move(representation));
  response.fields.set("server-timing", server_timing(timing, now - begin));
  co_return response;
}

}  // namespace

Awaitable by_requirements(const Context& context, const http::Request& request) {
  const auto begin = Clock::now();
  const auto catalog = context.wheelhouse.catalog();
  const auto question = Questions::parse(request.query, catalog, context.targets, {});
  if (!question) co_return to_problem(question.error());
  Timing timing;
  const auto bundle = co_await context.questions.bundle(*question, timing);
  if (!bundle) co_return to_problem(bundle.error());
  co_return co_await send(context, request, *bundle, cache_short, timing, begin);
}

Awaitable by_hash(const Context& context, const http::Request& request, std::string_view path) {
  const auto begin = Clock::now();
  const auto hash = path.ends_with(".tar") ? Sha256::from_hex(path.substr(0, path.size() - 4)) : std::nullopt;
  // One spelling per bundle, so that caches hold it once.
  if (!hash || hash->hex() != path.substr(0, 64)) {
    co_return not_found("a bundle's URL is /bundles/<64 lower-case hexadecimal digits>.tar");
  }
  const auto bundle = co_await await_result<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
    context.engine.find_bundle(*hash, context.wheelhouse.catalog(), std::move(done));
  });
  if (!bundle) co_return to_problem(bundle.error());
  Timing timing;
  timing.build = Clock::now() - begin;
  co_return co_await send(context, request, *bundle, cache_immutable, timing, begin);
}

}  // namespace wheelbarrow::routes::bundle_routes
