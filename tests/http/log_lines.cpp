#include "http/log_lines.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace wheelbarrow::http {

class LogLines::Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> lines() {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto level = spdlog::level::to_string_view(message.level);
    std::string line(level.data(), level.size());
    lines_.push_back(line.append(" ").append(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

 private:
  std::vector<std::string> lines_;
};

LogLines::LogLines() : sink_(std::make_shared<Sink>()), before_(spdlog::default_logger()) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink_));
}

LogLines::~LogLines() {
  spdlog::set_default_logger(before_);
}

std::vector<std::string> LogLines::all() const {
  return sink_->lines();
}

std::string LogLines::text() const {
  std::string text;
  for (const std::string& line : all()) {
    text += "  " + line + "\n";
  }
  return text;
}

bool LogLines::say(std::string_view text, std::chrono::milliseconds time) const {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (true) {
    const std::vector<std::string> lines = all();
    if (std::ranges::any_of(lines,
                            [text](const std::string& line) { return line.find(text) != std::string::npos; }))
      return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace wheelbarrow::http
