#include <spdlog/spdlog.h>

#include "http/problem.hpp"
#include "routes/await.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes::upload_routes {
namespace {

using Added = wheelhouse::WheelFolder::Added;

// In a build thread. What is answered with 200 is in the next bundle.
Result<Added> take(const Context& context, const http::BodyFile& body, std::string_view content_type) {
  const auto form = body.contents();
  if (!form) return std::unexpected(form.error());
  auto added = context.options.uploads->take(*form, content_type);
  if (!added) return added;
  if (const auto looked = context.wheelhouse.rescan(); !looked) return std::unexpected(looked.error());
  return added;
}

}  // namespace

Awaitable upload(const Context& context, const http::Request& request) {
  const std::string content_type = request.fields.get("content-type").value_or("");
  const auto added = co_await await_result<Added>([&](bundle::Callback<Added> done) {
    const auto work = [&context, body = request.body, content_type, done] {
      done(take(context, *body, content_type));
    };
    if (const auto accepted = context.engine.run(work, bundle::Lane::build); !accepted)
      done(std::unexpected(accepted.error()));
  });
  if (!added) {
    spdlog::warn("upload refused  peer={} reason={}", request.peer, added.error().text());
    co_return to_problem(added.error());
  }
  spdlog::info("upload taken  peer={} file={} new={}", request.peer, added->path.native(), added->is_new);
  http::Response response;
  response.fields.set("cache-control", "no-store");
  response.fields.set("content-type", "text/plain; charset=utf-8");
  response.body = {
      Slice::of(added->path.filename().string() + (added->is_new ? " is served\n" : " was there already\n"))};
  co_return response;
}

}  // namespace wheelbarrow::routes::upload_routes
