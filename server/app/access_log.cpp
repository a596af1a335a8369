#include "app/access_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace wheelbarrow::app {
namespace {

constexpr std::chrono::milliseconds pause{100};
// What a loop may have waiting: more is written at once, and much more is lost.
constexpr std::size_t worth_writing = std::size_t{256} * 1024;
constexpr std::size_t most_waiting = std::size_t{4} * 1024 * 1024;

Result<FileDescriptor> open_log(const std::string& file) {
  constexpr mode_t mode = 0640;
  // A pipe that nobody reads is an error, nothing to wait for.
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
  FileDescriptor opened(file == "-" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : ::open(file.c_str(), flags, mode));
  if (!opened) return fail_errno("open the access log", file);
  if (file != "-" && ::fcntl(opened.get(), F_SETFL, O_APPEND) != 0)
    return fail_errno("open the access log", file);
  return opened;
}

// As write(), but fails with EAGAIN where the reader of a pipe has stopped reading: whoever waits for this
// thread would wait for it too.
ssize_t write_some(int file, std::string_view lines) {
  constexpr int patience = 1000;  // milliseconds
  pollfd ready{.fd = file, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, patience) == 0) {
    errno = EAGAIN;
    return -1;
  }
  struct stat about{};
  const bool is_file = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode);
  // So much fits into a pipe that is ready (pipe(7)).
  return ::write(file, lines.data(), is_file ? lines.size() : std::min<std::size_t>(lines.size(), PIPE_BUF));
}

AccessLine::Form form_of(const std::string& name, int file) {
  if (name == "json") return AccessLine::Form::json;
  if (name == "brief") {
    const bool colored = ::isatty(file) == 1 && std::getenv("NO_COLOR") == nullptr;
    return colored ? AccessLine::Form::brief_colored : AccessLine::Form::brief;
  }
  return name == "common" ? AccessLine::Form::common : AccessLine::Form::combined;
}

}  // namespace

void AccessLogOptions::add_options(CLI::App& app) {
  app.add_option(
         "--access-log", file,
         "a line for each request; - is standard output; SIGUSR1 opens the file again (default: none)")
      ->type_name("FILE|-")
      ->envname("WHEELBARROW_ACCESS_LOG");
  app.add_option(
         "--access-log-format", format,
         "its form; JSON has times, codings, request ids and traceparent, too; brief is for terminals")
      ->check(CLI::IsMember({"common", "combined", "json", "brief"}))
      ->type_name("common|combined|json|brief")
      ->envname("WHEELBARROW_ACCESS_LOG_FORMAT")
      ->capture_default_str();
  app.add_option("--access-log-sample", sample,
                 "log one request of so many, and all with status 500 and above")
      ->check(CLI::Range(1, std::numeric_limits<int>::max()))
      ->type_name("N")
      ->envname("WHEELBARROW_ACCESS_LOG_SAMPLE")
      ->capture_default_str();
}

AccessLog::AccessLog(unsigned loops) {
  for (unsigned i = 0; i < loops; ++i) {
    buffers_.push_back(std::make_unique<Buffer>());
  }
  writer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

AccessLog::~AccessLog() {
  writer_.request_stop();
  writer_.join();
  const std::scoped_lock lock(file_mutex_);
  write_out();
}

Result<void> AccessLog::set(const AccessLogOptions& options) {
  const std::scoped_lock lock(file_mutex_);
  Result<FileDescriptor> opened = options.file.empty() ? FileDescriptor() : open_log(options.file);
  if (!opened) return std::unexpected(opened.error());
  write_out();
  file_ = std::move(*opened);
  torn_ = false;
  options_ = options;
  form_ = form_of(options.format, file_.get());
  sample_ = options.sample;
  on_ = static_cast<bool>(file_);
  return {};
}

Result<void> AccessLog::reopen() {
  const std::scoped_lock lock(file_mutex_);
  if (!file_ || options_.file == "-") return {};
  auto opened = open_log(options_.file);
  if (!opened) return std::unexpected(opened.error());
  // What came before is the old file's.
  write_out();
  file_ = std::move(*opened);
  torn_ = false;
  return {};
}

void AccessLog::note(const http::Exchange& exchange) {
  if (!on_.load(std::memory_order_relaxed)) return;
  Buffer& buffer = *buffers_[exchange.loop];
  if (++buffer.passed_by >= sample_.load(std::memory_order_relaxed)) {
    buffer.passed_by = 0;
  } else if (logged_status(exchange) < 500) {
    return;
  }
  const std::string_view line = buffer.line.format(exchange, form_.load(std::memory_order_relaxed));
  std::size_t waiting = 0;
  {
    const std::scoped_lock lock(buffer.mutex);
    if (buffer.lines.size() + line.size() > most_waiting) {
      ++dropped_;
      return;
    }
    buffer.lines.append(line);
    waiting = buffer.lines.size();
  }
  if (waiting > worth_writing && !is_urgent_.exchange(true)) wake_.notify_one();
}

void AccessLog::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(wake_mutex_);
      wake_.wait_for(lock, stop, pause, [this] { return is_urgent_.load(); });
      is_urgent_ = false;
    }
    const std::scoped_lock lock(file_mutex_);
    write_out();
  }
}

void AccessLog::write_out() {
  std::string lines;
  for (const auto& buffer : buffers_) {
    lines.clear();
    {
      const std::scoped_lock lock(buffer->mutex);
      std::swap(lines, buffer->lines);
    }
    if (!lines.empty() && file_) write(lines);
  }
}

void AccessLog::write(std::string_view lines) {
  // Half a line is what a slow reader or a full disk took of the last one.
  std::string after_half;
  if (torn_) lines = after_half.append("\n").append(lines);
  while (!lines.empty()) {
    const ssize_t size = write_some(file_.get(), lines);
    if (size > 0) {
      torn_ = lines[static_cast<std::size_t>(size) - 1] != '\n';
      lines.remove_prefix(static_cast<std::size_t>(size));
      complained_ = false;
    } else if (errno != EINTR) {
      dropped_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
      if (!std::exchange(complained_, true))
        spdlog::error("access log can't be written  file={} reason={}", options_.file, std::strerror(errno));
      return;
    }
  }
}

}  // namespace wheelbarrow::app
