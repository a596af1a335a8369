#include "routes/hot_representations.hpp"

#include <sys/stat.h>

#include <functional>
#include <thread>
#include <utility>

namespace wheelbarrow::routes {
namespace {

constexpr std::chrono::seconds life{5};

// What decides on the representation: the path, and what the client takes.
void write_key(const http::Request& request, std::string& key) {
  key = request.path;
  for (const auto [name, value] : request.fields) {
    if (name == "accept-encoding") key.append(1, '\n').append(value);
  }
}

}  // namespace

std::optional<FileStamp> stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileStamp{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                   status.st_mtim.tv_nsec};
}

HotRepresentations::Shard& HotRepresentations::own_shard() {
  const std::size_t hash = std::hash<std::thread::id>()(std::this_thread::get_id());
  return shards_[hash % shards_.size()];
}

http::ReadyResponse HotRepresentations::find(const http::Request& request,
                                             const wheelhouse::Catalog& catalog) {
  thread_local std::string key;  // for its memory
  write_key(request, key);
  const std::optional<EntryPtr> found = own_shard().entries.get(key);
  if (!found) return nullptr;
  const Entry& entry = **found;
  if (Clock::now() >= entry.until) return nullptr;
  const bool same = entry.catalog ? entry.catalog.get() == &catalog : stamp_of(entry.file) == entry.stamp;
  return same ? entry.representation.respond(request) : nullptr;
}

void HotRepresentations::keep(const http::Request& request, Entry entry) {
  std::string key;
  write_key(request, key);
  own_shard().entries.put(key, std::make_shared<const Entry>(std::move(entry)));
}

void HotRepresentations::keep(const http::Request& request, http::Representation representation,
                              const std::filesystem::path& file, const FileStamp& stamp) {
  keep(request, {http::ReadyRepresentation(std::move(representation)), Clock::now() + life, file, stamp, {}});
}

void HotRepresentations::keep(const http::Request& request, http::Representation representation,
                              std::shared_ptr<const wheelhouse::Catalog> catalog) {
  keep(request, {http::ReadyRepresentation(std::move(representation)),
                 Clock::now() + life,
                 {},
                 {},
                 std::move(catalog)});
}

}  // namespace wheelbarrow::routes
