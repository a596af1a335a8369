#include "http/media_type.hpp"
#include "routes/await.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes::wheel_routes {
namespace {

constexpr std::string_view metadata_suffix = ".metadata";

// A wheel that was zipped without compressing, as Pyodide ships some, is sent with a coding. Others are sent
// as they are: compressing twice saves nothing, and some installers undo it once too often.
bool is_stored(const wheelhouse::Wheel& wheel) {
  return wheel.size >= wheel.unpacked_size;
}

}  // namespace

// "<sha256>/<file>" or "<sha256>/<file>.metadata" (PEP 658).
Awaitable wheel(const Context& context, const http::Request& request, std::string_view path) {
  const std::size_t slash = path.find('/');
  const auto hash = slash == std::string_view::npos ? std::nullopt : Sha256::from_hex(path.substr(0, slash));
  const auto catalog = context.wheelhouse.catalog();
  const auto wheel = hash ? catalog->find(*hash) : nullptr;
  if (!wheel) {
    co_return not_found("the wheelhouse has no wheel of that SHA-256; the landing page lists what it has");
  }
  const std::string_view file = path.substr(slash + 1);
  const Caching caching = context.caching(CacheClass::hashed, context.keys_of(*wheel));
  if (file == wheel->filename + std::string(metadata_suffix) && !wheel->metadata_text.empty()) {
    co_return co_await context.documents.text(request, wheel->metadata_text, "text/plain; charset=utf-8",
                                              caching);
  }
  if (file != wheel->filename) co_return not_found("the wheel of that SHA-256 is named " + wheel->filename);
  const auto blob = co_await await_result<store::Blob>(
      [&](bundle::Callback<store::Blob> done) { context.engine.wheel(wheel, std::move(done)); });
  if (!blob) co_return to_problem(blob.error());
  auto representation =
      co_await context.documents.blob(request, *blob, http::media_type(file), is_stored(*wheel), caching);
  if (!representation) co_return std::move(representation.error());
  representation->validators.last_modified = wheel->modified;
  context.hot.keep(request, *representation, catalog);
  co_return http::respond(request, std::move(*representation));
}

}  // namespace wheelbarrow::routes::wheel_routes
