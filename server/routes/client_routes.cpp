#include <algorithm>

#include "http/url.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"
#include "web/assets.hpp"
#include "web/landing.hpp"

namespace wheelbarrow::routes::client_routes {
namespace {

std::string tags_of(const wheelhouse::Wheel& wheel) {
  std::string text;
  for (const packaging::Tag& tag : wheel.parsed.tags) {
    text += (text.empty() ? "" : " ") + tag.str();
  }
  return text;
}

web::LandingView::Row to_row(const wheelhouse::Wheel& wheel) {
  web::LandingView::Row row;
  row.name = wheel.name();
  row.version = wheel.version().str();
  row.filename = wheel.filename;
  row.size = wheel.size;
  row.tags = tags_of(wheel);
  row.href = "wheels/" + wheel.sha256.hex() + '/' + http::percent_encode(wheel.filename);
  if (!wheel.metadata_text.empty()) row.metadata_href = row.href + ".metadata";
  row.warnings = wheel.warnings;
  row.yanked = wheel.yanked;
  return row;
}

// A catalog's id says nothing of what was refused.
std::string refusals_key(const wheelhouse::Catalog& catalog) {
  std::string key;
  for (const wheelhouse::Refusal& refusal : catalog.refusals()) {
    key += refusal.path.native() + '\n' + refusal.reason + '\n';
  }
  return key;
}

std::string bytecode_sentence(const Context& context, const packaging::Target& target) {
  const bundle::Compilers* const compilers = context.engine.compilers();
  if (compilers == nullptr) return "This server makes no bytecode.";
  const auto recipe = compilers->choose(bundle::BytecodeMode::beside, target);
  if (!recipe) return "No bytecode: " + recipe.error().message + ".";
  return "Bytecode for " + target.name() + " is made by Python " + recipe->python + " (" + recipe->platform +
         ").";
}

web::LandingView view_of(const Context& context, const wheelhouse::Catalog& catalog, std::string base_url) {
  web::LandingView view;
  view.base_url = std::move(base_url);
  view.version = context.options.version;
  view.default_target = context.targets.standard(catalog)->name();
  for (const auto targets : {context.targets.defined(), std::span(packaging::known_targets())}) {
    for (const packaging::Target& target : targets) {
      view.targets.push_back(target.name());
    }
  }
  if (std::ranges::find(view.targets, view.default_target) == view.targets.end()) {
    view.targets.insert(view.targets.begin(), view.default_target);
  }
  view.bytecode = bytecode_sentence(context, *context.targets.standard(catalog));
  for (const bundle::StripClassText& kind : bundle::strip_classes()) {
    view.strip_classes.push_back({std::string(kind.name), std::string(kind.leaves_out)});
  }
  for (const wheelhouse::WheelPtr& wheel : catalog.wheels()) {
    view.wheels.push_back(to_row(*wheel));
  }
  for (const wheelhouse::Refusal& refusal : catalog.refusals()) {
    // The file's name is enough for the public; folders of this machine are in the log.
    view.refused.push_back({refusal.path.filename(), refusal.reason});
  }
  if (catalog.pyodide()) view.pyodide_version = catalog.pyodide()->target.name();
  return view;
}

std::string release_of(std::span<const web::Asset> assets) {
  Sha256Hasher hasher;
  for (const web::Asset& asset : assets) {
    hasher.update(asset.sha256_hex);
  }
  return hasher.finish().hex().substr(0, 16);
}

// A page about what is in the catalog.
Awaitable page(const Context& context, const http::Request& request,
               std::string (*render)(const web::LandingView&), std::string_view security_policy) {
  const auto catalog = context.wheelhouse.catalog();
  const std::string base_url = context.base_url(request) + '/';
  const Documents::Make make = [&context, catalog, base_url, render]() -> Result<std::string> {
    return render(view_of(context, *catalog, base_url));
  };
  const std::string key = "page " + request.path + catalog->id().hex() + refusals_key(*catalog) + base_url;
  const Caching caching = context.caching(CacheClass::pages);
  auto response = co_await context.documents.made(request, key, make, "text/html; charset=utf-8", caching);
  response.fields.set("content-security-policy", std::string(security_policy));
  co_return response;
}

}  // namespace

Awaitable landing(const Context& context, const http::Request& request) {
  return page(context, request, web::render_landing, web::landing_security_policy);
}

Awaitable compare(const Context& context, const http::Request& request) {
  return page(context, request, web::render_compare, web::compare_security_policy);
}

// "wheelbarrow.mjs", which may change with the server's version, or "<release>/wheelbarrow.mjs", which never
// does: a release is the hash of all the files together, because they refer to each other.
Awaitable asset(const Context& context, const http::Request& request, std::string_view path) {
  static const std::string release = release_of(web::all());
  const bool pinned = path.starts_with(release + '/');
  const std::string name = "/client/" + std::string(pinned ? path.substr(release.size() + 1) : path);
  const web::Asset* const asset = web::find(name);
  if (asset == nullptr) co_return not_found("the loader is /client/wheelbarrow.mjs");
  const Caching caching = context.caching(pinned ? CacheClass::hashed : CacheClass::index);
  auto response =
      co_await context.documents.text(request, std::string(asset->content), asset->media_type, caching);
  if (!pinned && response.status < 300)
    response.fields.set("content-location", "/client/" + release + name.substr(7));
  co_return response;
}

}  // namespace wheelbarrow::routes::client_routes
