#include "routes/router.hpp"

#include "http/media_type.hpp"
#include "http/problem.hpp"
#include "http/url.hpp"
#include "routes/await.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"
#include "routes/static_mount.hpp"

namespace wheelbarrow::routes {
namespace {

constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";

Awaitable static_file(const Context& context, const http::Request& request, const std::string& path) {
  const auto found = find_static_file(context.options.mounts, path);
  if (!found)
    co_return not_found("there is nothing at this path; the landing page at / says what this server has");
  if (found->is_folder) {
    http::Response response = http::problem(308, "the folder's address ends in a slash");
    // Relative, so that it holds behind a proxy that strips a prefix.
    response.fields.set("location", http::percent_encode(path.substr(path.rfind('/') + 1)) + '/');
    co_return response;
  }
  const auto stamp = stamp_of(found->path);
  const auto blob = co_await await_result<store::Blob>(
      [&](bundle::Callback<store::Blob> done) { context.engine.file(found->path, std::move(done)); });
  if (!blob) co_return to_problem(blob.error());
  const std::string_view type = http::media_type(found->path.native());
  auto representation =
      co_await context.documents.blob(request, *blob, type, http::is_compressible(type), cache_revalidate);
  if (!representation) co_return std::move(representation.error());
  if (stamp) context.hot.keep(request, *representation, found->path, *stamp);
  co_return http::respond(request, std::move(*representation));
}

Awaitable dispatch(const Context& context, const http::Request& request, const std::string& path) {
  const std::string_view view(path);
  const auto below = [&](std::string_view prefix) { return view.substr(prefix.size()); };
  if (view == "/bundle") return bundle_routes::by_requirements(context, request);
  if (view == "/resolve") return resolve_routes::resolve(context, request);
  if (view == "/pyodide-lock.json") return resolve_routes::pyodide_lock(context, request);
  if (view.starts_with("/bundles/")) return bundle_routes::by_hash(context, request, below("/bundles/"));
  if (view.starts_with("/wheels/")) return wheel_routes::wheel(context, request, below("/wheels/"));
  if (view == "/simple") return index_routes::root(request);
  if (view.starts_with("/simple/")) return index_routes::page(context, request, below("/simple/"));
  if (view.starts_with("/env/")) return environment_routes::file(context, request, below("/env/"));
  if (view.starts_with("/client/")) return client_routes::asset(context, request, below("/client/"));
  // An app mounted at the root has its own pages.
  if ((view == "/" || view == "/compare") && !find_static_file(context.options.mounts, view)) {
    return view == "/" ? client_routes::landing(context, request) : client_routes::compare(context, request);
  }
  return static_file(context, request, path);
}

// Keeps the context, because the request may outlive the router's owner, and the path.
Awaitable serve(std::shared_ptr<const Context> context, const http::Request& request, std::string path) {
  co_return co_await dispatch(*context, request, path);
}

}  // namespace

Router::Router(const wheelhouse::Wheelhouse& wheelhouse, bundle::Engine& engine, RouterOptions options)
    : context_(std::make_shared<const Context>(wheelhouse, engine, std::move(options))) {
  engine.on_pressure([weak = std::weak_ptr(context_)] {
    if (const auto context = weak.lock()) {
      context->questions.let_go();
      context->hot.let_go();
    }
  });
}

Router::~Router() = default;

void Router::prepare(const std::shared_ptr<const wheelhouse::Catalog>& catalog) const {
  context_->questions.prepare(catalog);
}

void Router::stop() {
  context_->questions.stop();
}

http::Answer Router::answer(const http::Request& request) const {
  if (request.method == "OPTIONS") return http::make_ready(http::options_response(allowed_methods));
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = http::problem(405, "this resource is only read: use GET, HEAD or OPTIONS");
    response.fields.set("allow", allowed_methods);
    return http::make_ready(std::move(response));
  }
  if (auto ready = context_->hot.find(request, *context_->wheelhouse.catalog())) return ready;
  auto path = http::decode_path(request.path);
  if (!path) return http::make_ready(to_problem(path.error()));
  return serve(context_, request, std::move(*path));
}

}  // namespace wheelbarrow::routes
