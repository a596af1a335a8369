#include "routes/development.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/file_stamp.hpp"
#include "base/sha256.hpp"
#include "routes/await.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes::development {
namespace fs = std::filesystem;
namespace {

constexpr int most_files = 20'000;

void isolate(http::Response& response) {
  response.fields.set("cross-origin-opener-policy", "same-origin");
  response.fields.set("cross-origin-embedder-policy", "require-corp");
}

Awaitable isolated_later(Awaitable answer) {
  http::Response response = co_await std::move(answer);
  isolate(response);
  co_return response;
}

// Files that are there now; what can't be looked at counts as not there. REQUIRES: all paths are canonical.
void look_at(const fs::path& folder, const std::vector<fs::path>& passed_over, Sha256Hasher& seen,
             int& left) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && entry != end && left > 0; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || name == "node_modules" || name == "__pycache__" ||
        std::ranges::find(passed_over, entry->path()) != passed_over.end()) {
      entry.disable_recursion_pending();
      continue;
    }
    const auto stamp = stamp_of(entry->path());
    if (!stamp) continue;
    --left;
    seen.update(entry->path().native() + ' ' + to_string(*stamp) + '\n');
  }
}

// One word that is another after a file of a mount, or a wheel, has changed.
boost::asio::awaitable<Result<std::string>> state(const Context& context) {
  const auto look = [&context] {
    // What can't be looked at now is told of where it is asked for.
    std::ignore = context.wheelhouse.rescan();
    Sha256Hasher seen;
    seen.update(context.wheelhouse.catalog()->id().hex());
    int left = most_files;
    std::error_code error;
    std::vector<fs::path> own;
    own.reserve(context.options.differences.own_files.size());
    for (const fs::path& path : context.options.differences.own_files) {
      own.push_back(fs::weakly_canonical(path, error));
    }
    for (const StaticMount& mount : context.options.mounts) {
      look_at(fs::weakly_canonical(mount.folder, error), own, seen, left);
    }
    return seen.finish().hex();
  };
  co_return co_await await_result<std::string>([&](bundle::Callback<std::string> done) {
    if (const auto accepted = context.engine.run([look, done] { done(look()); }); !accepted) {
      done(std::unexpected(accepted.error()));
    }
  });
}

}  // namespace

http::Answer isolated(http::Answer answer) {
  if (const auto* ready = std::get_if<http::ReadyResponse>(&answer)) {
    auto copy = std::make_shared<http::Response>(**ready);
    isolate(*copy);
    return http::ReadyResponse(std::move(copy));
  }
  return isolated_later(std::move(std::get<Awaitable>(answer)));
}

boost::asio::awaitable<Result<bool>> look_again(const Context& context) {
  co_return co_await await_result<bool>([&](bundle::Callback<bool> done) {
    const auto look = [&context, done] { done(context.wheelhouse.rescan()); };
    if (const auto accepted = context.engine.run(look); !accepted) {
      done(std::unexpected(accepted.error()));
    }
  });
}

Awaitable live_page(const Context& context, const http::Request& request, const fs::path& file) {
  // Before the file is read: what changes from here on is news to the page.
  const auto seen = co_await state(context);
  if (!seen) co_return to_problem(seen.error());
  const auto blob = co_await await_result<store::Blob>(
      [&](bundle::Callback<store::Blob> done) { context.engine.file(file, std::move(done)); });
  if (!blob) co_return to_problem(blob.error());
  std::string page(blob->bytes.text());
  page += "\n<script type=\"module\" src=\"/client/dev/live_reload.mjs?seen=" + *seen + "\"></script>\n";
  const Caching caching = context.caching(CacheClass::pages);
  co_return co_await context.documents.text(request, std::move(page), "text/html; charset=utf-8", caching);
}

Awaitable changes(const Context& context) {
  const auto seen = co_await state(context);
  if (!seen) co_return to_problem(seen.error());
  http::Response response;
  response.fields.set("cache-control", "no-store");
  response.fields.set("content-type", "text/plain; charset=utf-8");
  response.body = {Slice::of(*seen)};
  co_return response;
}

}  // namespace wheelbarrow::routes::development
