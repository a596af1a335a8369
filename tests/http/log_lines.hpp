// What a server logs, for tests that expect a line.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wheelbarrow::http {

// Collects what is logged while it lives, instead of printing it. REQUIRES: the server is started later and
// ends earlier.
class LogLines {
 public:
  LogLines();
  ~LogLines();
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  // "warning connection ended  reason=...": one string per line.
  std::vector<std::string> all() const;
  // All lines in one text, for a failure's message.
  std::string text() const;
  // Whether a line with that text has been or is logged, within the time.
  bool say(std::string_view text, std::chrono::milliseconds time = std::chrono::seconds(2)) const;

 private:
  class Sink;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace wheelbarrow::http
