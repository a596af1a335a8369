// The access log: one line for each request that is over, in a form that every log reader knows.
//
// An event loop only appends to memory of its own; a thread writes it out ten times a second. So a slow disk
// slows no request: lines that it can't keep up with are dropped and counted. The file is opened again
// between two writes, so a rotation loses nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "app/access_line.hpp"
#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "http/server.hpp"

namespace wheelbarrow::app {

struct AccessLogOptions {
  std::string file;  // "-" is standard output; empty: none
  std::string format = "combined";
  unsigned sample = 1;  // one request of so many, and every one that the server failed at (500 and above)

  void add_options(CLI::App& app);
};

class AccessLog {
 public:
  // `loops`: how many event loops there are.
  explicit AccessLog(unsigned loops);
  ~AccessLog();  // writes what is left
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // From then on. ErrorKind::io if the file can't be opened; then everything stays as it is.
  Result<void> set(const AccessLogOptions& options);

  // Opens the file again under its name, which somebody has moved away. On an error the old one stays in use.
  Result<void> reopen();

  // Of an http::Observer.
  void note(const http::Exchange& exchange);

  // Lines that were lost because they came faster than they could be written, or couldn't be.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Buffer {
    AccessLine line;         // the loop's own
    unsigned passed_by = 0;  // requests since the last one of the sample; the loop's own
    std::mutex mutex;
    std::string lines;  // to be written
  };

  void run(const std::stop_token& stop);
  // REQUIRES: file_mutex_ is held.
  void write_out();
  void write(std::string_view lines);

  std::atomic<bool> on_ = false;
  std::atomic<AccessLine::Form> form_ = AccessLine::Form::combined;
  std::atomic<unsigned> sample_ = 1;
  std::vector<std::unique_ptr<Buffer>> buffers_;  // by loop
  std::atomic<std::uint64_t> dropped_ = 0;

  std::mutex file_mutex_;  // guards what follows
  AccessLogOptions options_;
  FileDescriptor file_;
  bool torn_ = false;        // ends within a line
  bool complained_ = false;  // that it can't be written

  std::mutex wake_mutex_;
  std::condition_variable_any wake_;
  std::atomic<bool> is_urgent_ = false;
  std::jthread writer_;
};

}  // namespace wheelbarrow::app
