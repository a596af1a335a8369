#include "routes/router.hpp"

#include "http/media_type.hpp"
#include "http/problem.hpp"
#include "http/url.hpp"
#include "routes/await.hpp"
#include "routes/context.hpp"
#include "routes/development.hpp"
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
  const std::string_view type = http::media_type(found->path.native());
  if (context.options.differences.live_reload && type.starts_with("text/html")) {
    co_return co_await development::live_page(context, request, found->path);
  }
  const auto stamp = stamp_of(found->path);
  const auto blob = co_await await_result<store::Blob>(
      [&](bundle::Callback<store::Blob> done) { context.engine.file(found->path, std::move(done)); });
  if (!blob) co_return to_problem(blob.error());
  const Caching caching = context.caching(CacheClass::pages);
  auto representation =
      co_await context.documents.blob(request, *blob, type, http::is_compressible(type), caching);
  if (!representation) co_return std::move(representation.error());
  if (stamp) context.hot.keep(request, *representation, found->path, *stamp);
  co_return http::respond(request, std::move(*representation));
}

// Whether a path below /pyodide/ is not simply a file: a folder that somebody mounted there has precedence.
bool is_runtime(const Context& context, std::string_view path) {
  const auto catalog = context.wheelhouse.catalog();
  if (!catalog->pyodide()) return false;
  const auto found = find_static_file(context.options.mounts, path);
  const std::string_view rest = path.substr(std::string_view("/pyodide/").size());
  if (!found) return runtime_routes::is_pinned(rest);
  std::error_code error;
  return (runtime_routes::is_entry(rest) || runtime_routes::is_library(rest)) &&
         std::filesystem::equivalent(found->path.parent_path(), catalog->pyodide()->folder, error);
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
  if (view.starts_with("/pyodide/") && is_runtime(context, view)) {
    const std::string_view rest = below("/pyodide/");
    if (runtime_routes::is_entry(rest)) return runtime_routes::entry(context, request);
    if (runtime_routes::is_library(rest))
      return runtime_routes::unpinned(context, request, rest, CacheClass::pages);
    return runtime_routes::pinned(context, request, rest);
  }
  if (view.starts_with("/env/")) return environment_routes::file(context, request, below("/env/"));
  if (view == changes_path && context.options.differences.live_reload) {
    return development::changes(context);
  }
  if (view.starts_with("/client/")) return client_routes::asset(context, request, below("/client/"));
  // An app mounted at the root has its own pages.
  if ((view == "/" || view == "/compare") && !find_static_file(context.options.mounts, view)) {
    return view == "/" ? client_routes::landing(context, request) : client_routes::compare(context, request);
  }
  return static_file(context, request, path);
}

// Whether the answer is made from the catalog, not from a file or what a hash names.
bool asks_catalog(std::string_view path) {
  return path == "/" || path == "/bundle" || path == "/resolve" || path == "/pyodide-lock.json" ||
         path.starts_with("/simple") || path.starts_with("/env/");
}

Awaitable upload(std::shared_ptr<const Context> context, const http::Request& request) {
  co_return co_await upload_routes::upload(*context, request);
}

// Keeps the context, because the request may outlive the router's owner, and the path.
Awaitable serve(std::shared_ptr<const Context> context, const http::Request& request, std::string path) {
  if (context->options.differences.fresh && asks_catalog(path)) {
    if (const auto looked = co_await development::look_again(*context); !looked) {
      co_return to_problem(looked.error());
    }
  }
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

std::vector<bundle::CacheUse> Router::caches() const {
  auto caches = context_->engine.caches();
  caches.push_back({"answer", context_->hot.counts()});
  caches.push_back({"set", context_->questions.bundle_counts()});
  caches.push_back({"resolution", context_->questions.resolution_counts()});
  return caches;
}

void Router::stop() {
  context_->questions.stop();
}

http::Answer Router::answer(const http::Request& request) const {
  http::Answer answer = plain_answer(request);
  return context_->options.differences.isolated ? development::isolated(std::move(answer))
                                                : std::move(answer);
}

std::expected<std::shared_ptr<http::BodyFile>, http::Response> Router::receive(
    const http::Request& request) const {
  if (!context_->options.uploads || !Uploads::is_meant(request)) return nullptr;
  return context_->options.uploads->receive(request);
}

http::Answer Router::plain_answer(const http::Request& request) const {
  // What isn't the receiver's has no body.
  if (request.body) return upload(context_, request);
  if (request.method == "OPTIONS") return http::make_ready(http::options_response(allowed_methods));
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = http::problem(405, "this resource is only read: use GET, HEAD or OPTIONS");
    response.fields.set("allow", allowed_methods);
    return http::make_ready(std::move(response));
  }
  if (!context_->options.differences.fresh) {
    if (auto ready = context_->hot.find(request, *context_->wheelhouse.catalog())) return ready;
  }
  auto path = http::decode_path(request.path);
  if (!path) return http::make_ready(to_problem(path.error()));
  return serve(context_, request, std::move(*path));
}

}  // namespace wheelbarrow::routes
