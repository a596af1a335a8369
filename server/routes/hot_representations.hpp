// The files and wheels that are asked for all the time, ready to be sent: what would otherwise be a look-up
// of the path, a job for a build thread and a header made anew becomes one look into a table.
//
// An entry counts only as long as its catalog is the same, or its file, which is looked at 20 times a second
// at most. It lives for some seconds only, so that what it doesn't notice (a better coded form, a file that
// now hides it) shows soon.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/file_stamp.hpp"
#include "bundle/lru_cache.hpp"
#include "http/message.hpp"
#include "http/representation.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

class HotRepresentations {
 public:
  // What a request that is like an earlier one gets; null if the long way is to be gone.
  http::ReadyResponse find(const http::Request& request, const wheelhouse::Catalog& catalog);

  // Remembers what a request got, which was a file in that state.
  void keep(const http::Request& request, http::Representation representation,
            const std::filesystem::path& file, const FileStamp& stamp);
  // The same for what a catalog holds.
  void keep(const http::Request& request, http::Representation representation,
            std::shared_ptr<const wheelhouse::Catalog> catalog);

  bundle::CacheCounts counts() const;

  // Forgets half of it.
  void let_go();

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Entry(http::Representation represented, Clock::time_point now);

    http::ReadyRepresentation representation;
    Clock::time_point until;
    std::filesystem::path file;  // empty if it depends on the catalog
    FileStamp stamp;
    mutable std::atomic<Clock::time_point> checked;  // when the file was last looked at
    std::shared_ptr<const wheelhouse::Catalog> catalog;
  };
  using EntryPtr = std::shared_ptr<const Entry>;

  static bool is_current(const Entry& entry, const wheelhouse::Catalog& catalog);
  // One for each of a few threads, so that they don't wait for each other.
  struct Shard {
    bundle::LruCache<EntryPtr> entries{512};
  };

  Shard& own_shard();
  void keep(const http::Request& request, EntryPtr entry);

  std::array<Shard, 16> shards_;
};

}  // namespace wheelbarrow::routes
