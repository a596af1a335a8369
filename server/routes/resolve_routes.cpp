#include <boost/json.hpp>

#include "routes/await.hpp"
#include "routes/bundle_json.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"
#include "routes/lock_json.hpp"
#include "routes/pylock.hpp"
#include "routes/pyodide_lock.hpp"

namespace wheelbarrow::routes::resolve_routes {
namespace json = boost::json;
namespace {

// The bundle's size in each coding; makes the codings that aren't there yet.
boost::asio::awaitable<Result<json::object>> coded_sizes(const Context& context, bundle::BundlePtr bundle) {
  json::object sizes;
  for (const http::Coding coding : all_codings()) {
    const auto encoded = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
      context.engine.encode(bundle, form_of(coding), std::move(done));
    });
    if (!encoded) co_return std::unexpected(encoded.error());
    sizes[http::token(coding)] = total_size(encoded->body);
  }
  co_return sizes;
}

// Adds "sizes" to a bundle's JSON and to that of each part.
boost::asio::awaitable<Result<void>> add_sizes(const Context& context, bundle::BundlePtr bundle,
                                               json::object& made) {
  auto sizes = co_await coded_sizes(context, bundle);
  if (!sizes) co_return std::unexpected(sizes.error());
  made["sizes"] = std::move(*sizes);
  for (std::size_t i = 0; i < bundle->manifest.parts.size(); ++i) {
    const Sha256& name = bundle->manifest.parts[i].sha256;
    const auto catalog = context.wheelhouse.catalog();
    const auto part = co_await await_result<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
      context.engine.find_bundle(name, catalog, std::move(done));
    });
    if (!part) co_return std::unexpected(part.error());
    auto of_part = co_await coded_sizes(context, *part);
    if (!of_part) co_return std::unexpected(of_part.error());
    made["parts"].as_array()[i].as_object()["sizes"] = std::move(*of_part);
  }
  co_return Result<void>();
}

}  // namespace

Awaitable resolve(const Context& context, const http::Request& request) {
  if (auto refused = context.options.admission->authorize(request)) co_return std::move(*refused);
  const auto catalog = context.wheelhouse.catalog();
  const auto question = Questions::parse(request.query, catalog, context.targets, {.output = true});
  if (!question) co_return to_problem(question.error());
  auto admitted = context.admit(request, *question, question->output == Output::json);
  if (!admitted) co_return std::move(admitted.error());
  const auto resolution = co_await context.questions.resolve(*question);
  if (!resolution) co_return to_problem(resolution.error());
  const std::string base_url = context.base_url(request);
  const Caching caching = context.answer_caching(CacheClass::index, context.keys_of((*resolution)->planned));
  if (question->output == Output::pylock) {
    const Documents::Make make = [resolution = *resolution, target = question->target,
                                  base_url]() -> Result<std::string> {
      return to_pylock(resolution->lock, *target, base_url);
    };
    const std::string key = "pylock " + Questions::key_of(*question) + base_url;
    co_return co_await context.documents.made(request, key, make, "application/toml", caching);
  }
  Timing timing;
  const auto bundle = co_await context.questions.bundle(*question, timing);
  if (!bundle) co_return to_problem(bundle.error());
  json::object made = to_json(**bundle, base_url + '/');
  if (const auto added = co_await add_sizes(context, *bundle, made); !added)
    co_return to_problem(added.error());
  json::object answer = to_json((*resolution)->lock, base_url);
  answer["bundle"] = std::move(made);
  co_return co_await context.documents.text(request, json::serialize(answer), "application/json", caching);
}

Awaitable pyodide_lock(const Context& context, const http::Request& request) {
  const auto catalog = context.wheelhouse.catalog();
  if (!catalog->pyodide()) co_return to_problem(no_distribution());
  if (!request.query.empty()) {
    if (auto refused = context.options.admission->authorize(request)) co_return std::move(*refused);
  }
  const auto question =
      Questions::parse(request.query, catalog, context.targets, {.fallback = own_target(context, *catalog)});
  if (!question) co_return to_problem(question.error());
  if (question->target->name() != catalog->pyodide()->target.name()) {
    co_return to_problem(
        {ErrorKind::invalid_input, "the lock file is for the Pyodide that this server has, " +
                                       catalog->pyodide()->target.name() + "; leave 'target' out"});
  }
  if (!question->strip.empty() || question->bytecode) {
    co_return to_problem(
        {ErrorKind::invalid_input,
         "the lock file names wheels, which stay as they are; leave 'strip' and 'bytecode' out, or "
         "use /env/<a bundle's SHA-256>/"});
  }
  if (question->asked.requirements.empty() && !question->asked.constraints.empty()) {
    co_return to_problem({ErrorKind::invalid_input, "constraints (c=) bound what requirements (r=) ask for"});
  }
  ResolutionPtr resolution;
  Caching caching = context.caching(CacheClass::index);
  if (!question->asked.requirements.empty()) {
    auto admitted = context.admit(request, *question, false);
    if (!admitted) co_return std::move(admitted.error());
    auto resolved = co_await context.questions.resolve(*question);
    if (!resolved) co_return to_problem(resolved.error());
    resolution = std::move(*resolved);
    caching = context.answer_caching(CacheClass::index, context.keys_of(resolution->planned));
  }
  const std::string root = context.base_url(request) + '/';
  const Documents::Make make = [catalog, target = question->target, resolution,
                                root]() -> Result<std::string> {
    auto lock = PyodideLock::make(*catalog, root);
    if (!lock) return std::unexpected(lock.error());
    if (resolution) {
      lock->add(resolution->lock);
    } else {
      lock->add_wheelhouse(*catalog, *target);
    }
    return lock->text();
  };
  const std::string key = "lock " + catalog->id().hex() + request.query + '\n' + root;
  co_return co_await context.documents.made(request, key, make, "application/json", caching);
}

}  // namespace wheelbarrow::routes::resolve_routes
