#include "http/url.hpp"
#include "routes/await.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"
#include "routes/pyodide_lock.hpp"
#include "routes/requirement_list.hpp"

namespace wheelbarrow::routes::environment_routes {
namespace {

// `set` is a bundle's SHA-256 or a comma-joined requirement set. The error is the answer.
boost::asio::awaitable<std::expected<bundle::BundlePtr, http::Response>> bundle_of(
    const Context& context, const http::Request& request, const CatalogPtr& catalog, std::string set) {
  if (const auto hash = Sha256::from_hex(set)) {
    auto found = co_await await_result<bundle::BundlePtr>([&](bundle::Callback<bundle::BundlePtr> done) {
      context.engine.find_bundle(*hash, catalog, std::move(done));
    });
    if (!found) co_return std::unexpected(to_problem(found.error()));
    co_return std::move(*found);
  }
  if (auto refused = context.options.admission->authorize(request))
    co_return std::unexpected(std::move(*refused));
  // The folder's runtime is the distribution's, and so is its target.
  auto asked = parse_requirement_list({std::move(set)});
  if (!asked) co_return std::unexpected(to_problem(asked.error()));
  const Question question{
      .catalog = catalog, .asked = std::move(*asked), .target = own_target(context, *catalog)};
  auto admitted = context.admit(request, question);
  if (!admitted) co_return std::unexpected(std::move(admitted.error()));
  Timing timing;
  auto made = co_await context.questions.bundle(question, timing);
  if (!made) co_return std::unexpected(to_problem(made.error()));
  co_return std::move(*made);
}

Awaitable lock_file(const Context& context, const http::Request& request, CatalogPtr catalog,
                    std::string set) {
  const bool is_pinned = Sha256::from_hex(set).has_value();
  auto bundle = co_await bundle_of(context, request, catalog, std::move(set));
  if (!bundle) co_return std::move(bundle.error());
  if ((*bundle)->manifest.format != bundle::Format::site) {
    co_return to_problem(
        {ErrorKind::invalid_input, "a bundle of wheels can't be an environment; ask for format=site"});
  }
  const Documents::Make make = [catalog, bundle = *bundle]() -> Result<std::string> {
    // Relative to /env/<set>/pyodide-lock.json: Pyodide under Node takes no absolute file names.
    auto lock = PyodideLock::make(*catalog, "../../");
    if (!lock) return std::unexpected(lock.error());
    lock->add(*bundle);
    return lock->text();
  };
  const std::string key = "environment " + catalog->id().hex() + (*bundle)->sha256.hex();
  auto keys = context.keys_of((*bundle)->manifest);
  const Caching caching = is_pinned ? context.caching(CacheClass::index, std::move(keys))
                                    : context.answer_caching(CacheClass::index, std::move(keys));
  co_return co_await context.documents.made(request, key, make, "application/json", caching);
}

}  // namespace

// "<set>/<file>": the runtime's files, and a lock file in which the bundle is one package.
Awaitable file(const Context& context, const http::Request& request, std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size()) {
    co_return not_found(
        "an environment's files are at /env/<requirement set or bundle's SHA-256>/<file>, e.g. "
        "/env/numpy,lxml/pyodide.mjs");
  }
  const auto catalog = context.wheelhouse.catalog();
  if (!catalog->pyodide()) co_return to_problem(no_distribution());
  const std::string_view name = path.substr(slash + 1);
  if (name == "pyodide-lock.json") {
    co_return co_await lock_file(context, request, catalog, std::string(path.substr(0, slash)));
  }
  // A Pyodide distribution is one flat folder; decode_path has left no separator in the name.
  co_return co_await runtime_routes::unpinned(context, request, name, CacheClass::runtime);
}

}  // namespace wheelbarrow::routes::environment_routes
