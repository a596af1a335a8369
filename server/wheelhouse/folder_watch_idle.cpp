#include <condition_variable>
#include <mutex>

#include "wheelhouse/folder_watch.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

class IdleWatch final : public FolderWatch {
 public:
  Coverage watch(std::span<const std::filesystem::path> /*folders*/) override { return {}; }

  Event wait(std::optional<std::chrono::milliseconds> timeout) override {
    std::unique_lock lock(mutex_);
    const auto is_stopped = [&] { return stopped_; };
    if (timeout) {
      wake_.wait_for(lock, *timeout, is_stopped);
    } else {
      wake_.wait(lock, is_stopped);
    }
    return stopped_ ? Event::stopped : Event::quiet;
  }

  void stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<FolderWatch> make_idle_watch() {
  return std::make_unique<IdleWatch>();
}

}  // namespace wheelbarrow::wheelhouse
