#include "routes/hot_representations.hpp"

#include <functional>
#include <thread>
#include <utility>

namespace wheelbarrow::routes {
namespace {

constexpr std::chrono::seconds life{5};
constexpr std::chrono::milliseconds check_interval{50};
constexpr std::size_t longest_key = 1024;  // others are no honest client's

// What decides on the representation: the path, and what the client takes.
void write_key(const http::Request& request, std::string& key) {
  key = request.path;
  for (const auto [name, value] : request.fields) {
    if (name == "accept-encoding") key.append(1, '\n').append(value);
  }
}

}  // namespace

HotRepresentations::Shard& HotRepresentations::own_shard() {
  const std::size_t hash = std::hash<std::thread::id>()(std::this_thread::get_id());
  return shards_[hash % shards_.size()];
}

HotRepresentations::Entry::Entry(http::Representation represented, Clock::time_point now)
    : representation(std::move(represented)), until(now + life), checked(now) {}

bool HotRepresentations::is_current(const Entry& entry, const wheelhouse::Catalog& catalog) {
  const auto now = Clock::now();
  if (now >= entry.until) return false;
  if (entry.catalog) return entry.catalog.get() == &catalog;
  if (now - entry.checked.load(std::memory_order_relaxed) < check_interval) return true;
  if (stamp_of(entry.file) != entry.stamp) return false;
  entry.checked.store(now, std::memory_order_relaxed);
  return true;
}

http::ReadyResponse HotRepresentations::find(const http::Request& request,
                                             const wheelhouse::Catalog& catalog) {
  thread_local std::string key;  // for its memory
  write_key(request, key);
  const std::optional<EntryPtr> found = own_shard().entries.get(key);
  if (!found || !is_current(**found, catalog)) return nullptr;
  auto ready = (*found)->representation.respond(request);
  // Another form of the content may be good as well; see stored_form().
  if (ready->status == 200 && request.fields.has("if-none-match")) return nullptr;
  return ready;
}

bundle::CacheCounts HotRepresentations::counts() const {
  bundle::CacheCounts all;
  for (const Shard& shard : shards_) {
    all += shard.entries.counts();
  }
  return all;
}

void HotRepresentations::let_go() {
  for (Shard& shard : shards_) {
    shard.entries.forget_half();
  }
}

void HotRepresentations::keep(const http::Request& request, EntryPtr entry) {
  std::string key;
  write_key(request, key);
  if (key.size() > longest_key) return;
  own_shard().entries.put(key, std::move(entry));
}

void HotRepresentations::keep(const http::Request& request, http::Representation representation,
                              const std::filesystem::path& file, const FileStamp& stamp) {
  auto entry = std::make_shared<Entry>(std::move(representation), Clock::now());
  entry->file = file;
  entry->stamp = stamp;
  keep(request, std::move(entry));
}

void HotRepresentations::keep(const http::Request& request, http::Representation representation,
                              std::shared_ptr<const wheelhouse::Catalog> catalog) {
  auto entry = std::make_shared<Entry>(std::move(representation), Clock::now());
  entry->catalog = std::move(catalog);
  keep(request, std::move(entry));
}

}  // namespace wheelbarrow::routes
