#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include "http/media_type.hpp"
#include "http/problem.hpp"
#include "http/representation.hpp"
#include "routes/await.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"
#include "routes/static_mount.hpp"

namespace wheelbarrow::routes::runtime_routes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view entry_point = "pyodide.mjs";
constexpr std::size_t release_digits = 16;

// What is part of the runtime, not a package.
bool is_part(const fs::path& path) {
  constexpr std::string_view extensions[] = {".mjs", ".js", ".wasm", ".json"};
  std::error_code error;
  return (std::ranges::find(extensions, path.extension()) != std::end(extensions) ||
          is_library(path.filename().native())) &&
         fs::is_regular_file(path, error);
}

Result<std::vector<fs::path>> parts_of(const fs::path& distribution) {
  std::vector<fs::path> parts;
  std::error_code error;
  fs::directory_iterator entry(distribution, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (is_part(entry->path())) parts.push_back(entry->path());
  }
  if (error) return fail(ErrorKind::io, "Pyodide's folder can't be read: " + error.message(), distribution);
  std::ranges::sort(parts);
  return parts;
}

// What is in the folder, which is looked at 20 times a second at most.
Result<Listing> list(const Context& context, const fs::path& distribution) {
  constexpr std::chrono::milliseconds check_interval{50};
  const auto now = std::chrono::steady_clock::now();
  if (auto known = context.listings.get(distribution.native()); known && now - known->read < check_interval)
    return std::move(*known);
  auto parts = parts_of(distribution);
  if (!parts) return std::unexpected(parts.error());
  Listing listing{.read = now, .parts = std::move(*parts), .state = {}};
  for (const fs::path& part : listing.parts) {
    listing.state += part.native() + ' ' + to_string(stamp_of(part).value_or(FileStamp{})) + '\n';
  }
  context.listings.put(distribution.native(), listing);
  return listing;
}

boost::asio::awaitable<Result<store::Blob>> blob_of(const Context& context, fs::path path) {
  co_return co_await await_result<store::Blob>(
      [&](bundle::Callback<store::Blob> done) { context.engine.file(path, std::move(done)); });
}

// A hash of the runtime's files together, the same on every machine: they work with each other only.
std::string name_of(const std::vector<std::pair<std::string, Sha256>>& parts) {
  Sha256Hasher hasher;
  for (const auto& [name, sha256] : parts) {
    hasher.update(name + ' ' + sha256.hex() + '\n');
  }
  return hasher.finish().hex().substr(0, release_digits);
}

// The release with the compiled library.
void set_compiled(Release& release, store::Blob library) {
  for (auto& [name, sha256] : release.parts) {
    if (is_library(name)) sha256 = library.sha256;
  }
  release.compiled = name_of(release.parts);
  release.compiled_library = std::move(library);
}

enum class WaitForLibrary : bool { no, yes };

boost::asio::awaitable<Result<Release>> release_of(const Context& context, CatalogPtr catalog,
                                                   WaitForLibrary wait = WaitForLibrary::no) {
  const auto listing = list(context, catalog->pyodide()->folder);
  if (!listing) co_return std::unexpected(listing.error());
  const std::string& state = listing->state;
  Release release;
  if (auto known = context.releases.get(state)) release = std::move(*known);
  if (release.plain.empty()) {
    for (const fs::path& part : listing->parts) {
      const auto blob = co_await blob_of(context, part);
      if (!blob) co_return std::unexpected(blob.error());
      release.parts.emplace_back(part.filename().native(), blob->sha256);
      if (is_library(release.parts.back().first)) release.library = *blob;
    }
    release.plain = name_of(release.parts);
    context.releases.put(state, release);
  }
  if (release.library && !release.compiled_library) {
    const bundle::BytecodeMode mode = context.options.runtime_bytecode;
    const packaging::Target& target = catalog->pyodide()->target;
    std::optional<store::Blob> library;
    if (wait == WaitForLibrary::no) {
      library = context.engine.library(*release.library, mode, target);
    } else {
      auto made = co_await await_result<std::optional<store::Blob>>(
          [&](bundle::Callback<std::optional<store::Blob>> done) {
            context.engine.library(*release.library, mode, target, std::move(done));
          });
      if (made) library = std::move(*made);
    }
    if (library) {
      set_compiled(release, std::move(*library));
      context.releases.put(state, release);
    }
  }
  co_return release;
}

// Whether a file belongs to a release, as far as that has it.
bool is_of(const Release& release, std::string_view name, const store::Blob& blob) {
  if (is_library(name)) return release.library && release.library->sha256 == blob.sha256;
  const auto part = std::ranges::find(release.parts, name, &std::pair<std::string, Sha256>::first);
  return part == release.parts.end() || part->second == blob.sha256;
}

Awaitable send(const Context& context, const http::Request& request, const fs::path& file,
               const store::Blob& blob, bool compressible, CacheClass which) {
  const auto stamp = stamp_of(file);
  const Caching caching = context.caching(which);
  auto representation = co_await context.documents.blob(
      request, blob, http::media_type(file.filename().native()), compressible, caching);
  if (!representation) co_return std::move(representation.error());
  if (stamp && which == CacheClass::hashed) context.hot.keep(request, *representation, file, *stamp);
  co_return http::respond(request, std::move(*representation));
}

bool is_compressible(const fs::path& file) {
  return http::is_compressible(http::media_type(file.filename().native()));
}

}  // namespace

// "pyodide.mjs" leads to the same file under the release's name: what is below that never changes, so a
// browser that has it asks for nothing more, and never mixes files of two releases. Pyodide looks for its
// other files where its module came from. A release with the compiled library is another one, and the one
// without stays.
Awaitable entry(const Context& context, const http::Request&) {
  const auto release = co_await release_of(context, context.wheelhouse.catalog());
  if (!release) co_return to_problem(release.error());
  const std::string& name = release->compiled.empty() ? release->plain : release->compiled;
  http::Response response = http::problem(307, "this release's files are below " + name + '/');
  // Relative, so that it holds behind a proxy that strips a prefix.
  response.fields.set("location", name + '/' + std::string(entry_point));
  // What another release would be looked for in vain by who keeps this.
  response.fields.set("cache-control", "public, no-cache");
  co_return response;
}

Awaitable pinned(const Context& context, const http::Request& request, std::string_view path) {
  const auto catalog = context.wheelhouse.catalog();
  const std::string_view name = path.substr(release_digits + 1);
  const auto file = find_file(catalog->pyodide()->folder, name);
  if (!file) co_return not_found("Pyodide's folder has no such file");
  const auto blob = co_await blob_of(context, *file);
  const std::string_view asked = path.substr(0, release_digits);
  auto release = co_await release_of(context, catalog);
  // A page that began before a restart, or with another server, knows the compiled release already.
  if (release && asked != release->plain && release->compiled.empty())
    release = co_await release_of(context, catalog, WaitForLibrary::yes);
  if (!release) co_return to_problem(release.error());
  if (asked != release->plain && asked != release->compiled) {
    co_return not_found("another release of Pyodide is here now; begin at /pyodide/" +
                        std::string(entry_point));
  }
  if (!blob) co_return to_problem(blob.error());
  if (!is_of(*release, name, *blob)) {
    http::Response response = http::problem(503, "Pyodide's folder is being changed; try again");
    response.fields.set("retry-after", "1");
    co_return response;
  }
  // The release's name says nothing of other files that lie there.
  const CacheClass which = is_part(*file) ? CacheClass::hashed : CacheClass::runtime;
  if (is_library(name) && asked == release->compiled)
    co_return co_await send(context, request, *file, *release->compiled_library, true, which);
  co_return co_await send(context, request, *file, *blob, is_compressible(*file), which);
}

Awaitable unpinned(const Context& context, const http::Request& request, std::string_view name,
                   CacheClass which) {
  const auto catalog = context.wheelhouse.catalog();
  const auto file = find_file(catalog->pyodide()->folder, name);
  if (!file) co_return not_found("Pyodide's folder has no such file");
  if (is_library(name)) {
    const auto release = co_await release_of(context, catalog);
    if (release && release->compiled_library)
      co_return co_await send(context, request, *file, *release->compiled_library, true, which);
  }
  const auto blob = co_await blob_of(context, *file);
  if (!blob) co_return to_problem(blob.error());
  co_return co_await send(context, request, *file, *blob, is_compressible(*file), which);
}

bool is_pinned(std::string_view path) {
  constexpr std::string_view digits = "0123456789abcdef";
  return path.size() > release_digits + 1 && path[release_digits] == '/' &&
         path.find_first_not_of(digits) == release_digits &&
         path.find('/', release_digits + 1) == std::string_view::npos;
}

bool is_entry(std::string_view path) {
  return path == entry_point;
}

bool is_library(std::string_view path) {
  return path == "python_stdlib.zip";
}

}  // namespace wheelbarrow::routes::runtime_routes
