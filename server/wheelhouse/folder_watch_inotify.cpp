#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>

#include "wheelhouse/folder_watch.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

// Everything that can change which files there are or what is in them. Not IN_OPEN and IN_ACCESS: reading the
// wheels must not look like a change.
constexpr std::uint32_t interesting = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM |
                                      IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

class InotifyWatch final : public FolderWatch {
 public:
  InotifyWatch()
      : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~InotifyWatch() override {
    for (const int descriptor : {events_, stop_}) {
      if (descriptor >= 0) {
        ::close(descriptor);
      }
    }
  }
  InotifyWatch(const InotifyWatch&) = delete;
  InotifyWatch& operator=(const InotifyWatch&) = delete;

  bool usable() const { return events_ >= 0 && stop_ >= 0; }

  // Adding a folder that is watched already gives the same number again, so every folder is added anew; that
  // also finds a folder that was deleted and made again under its old name.
  Coverage watch(std::span<const std::filesystem::path> folders) override {
    Coverage coverage{.complete = true, .grew = false};
    std::set<int> now;
    for (const std::filesystem::path& folder : folders) {
      const int number = ::inotify_add_watch(events_, folder.c_str(), interesting);
      if (number < 0) {
        coverage.complete = false;
        continue;
      }
      coverage.grew |= !watched_.contains(number);
      now.insert(number);
    }
    for (const int number : watched_) {
      if (!now.contains(number)) {
        ::inotify_rm_watch(events_, number);
      }
    }
    watched_ = std::move(now);
    return coverage;
  }

  Event wait(std::optional<std::chrono::milliseconds> timeout) override {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    while (true) {
      int left = -1;
      if (timeout) {
        const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
        const auto rest =
            std::clamp<std::int64_t>((*timeout - passed).count(), 0, std::numeric_limits<int>::max());
        left = static_cast<int>(rest);
      }
      std::array<pollfd, 2> waiting{{{stop_, POLLIN, 0}, {events_, POLLIN, 0}}};
      const int ready = ::poll(waiting.data(), waiting.size(), left);
      if (waiting[0].revents != 0) {
        return Event::stopped;
      }
      if (ready > 0 && take_events()) {
        return Event::changed;
      }
      if (ready == 0 && timeout) {
        return Event::quiet;
      }
    }
  }

  void stop() override {
    const std::uint64_t one = 1;
    // Fails only if the counter is full, and then the watch is stopped already.
    [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
  }

 private:
  // Reads all that is there. True if any of it is more than the end of a watch.
  bool take_events() {
    alignas(inotify_event) std::array<char, 16384> buffer{};
    bool changed = false;
    while (true) {
      const ssize_t size = ::read(events_, buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) {
        continue;
      }
      if (size <= 0) {
        return changed;
      }
      for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        at += sizeof event + event.len;
        if ((event.mask & IN_IGNORED) != 0) {
          watched_.erase(event.wd);
        } else {
          changed = true;  // IN_Q_OVERFLOW as well
        }
      }
    }
  }

  int events_;
  int stop_;
  std::set<int> watched_;
};

}  // namespace

std::unique_ptr<FolderWatch> make_inotify_watch() {
  auto watch = std::make_unique<InotifyWatch>();
  return watch->usable() ? std::move(watch) : nullptr;
}

}  // namespace wheelbarrow::wheelhouse
