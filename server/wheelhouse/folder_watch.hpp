// Learning that something in a set of folders may have changed. What changed is not told: the answer to every
// event, lost events included, is to look at the folders again.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace wheelbarrow::wheelhouse {

class FolderWatch {
 public:
  enum class Event {
    changed,  // something may have changed
    quiet,    // nothing did for as long as was asked
    stopped,  // stop() was called
  };

  struct Coverage {
    bool complete = false;  // every folder is watched; otherwise changes have to be looked for
    bool grew = false;  // a folder is watched that was not before: what happened in it until now is unknown
  };

  FolderWatch() = default;
  virtual ~FolderWatch() = default;
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // From now on watches these folders (not their subfolders) and no others.
  virtual Coverage watch(std::span<const std::filesystem::path> folders) = 0;
  // Without a timeout, waits for good.
  virtual Event wait(std::optional<std::chrono::milliseconds> timeout) = 0;
  // Ends the present and all later waits. Safe from every thread; the other functions belong to one.
  virtual void stop() = 0;
};

// Null where inotify is not to be had.
std::unique_ptr<FolderWatch> make_inotify_watch();
// Watches nothing and only waits; always there.
std::unique_ptr<FolderWatch> make_idle_watch();

}  // namespace wheelbarrow::wheelhouse
