#include "bundle/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/file_descriptor.hpp"

namespace wheelbarrow::bundle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int poll_step = 50;  // milliseconds
constexpr std::size_t complaint_size = 300;

// Files in memory instead of pipes: nobody has to read while the other writes.
Result<FileDescriptor> memory_file(std::string_view content) {
  FileDescriptor file(::memfd_create("wheelbarrow", MFD_CLOEXEC));
  if (!file) return fail_errno("make a file in memory", {});
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write a file in memory", {});
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno("rewind a file in memory", {});
  return file;
}

Result<std::string> content_of(const FileDescriptor& file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno("read a file in memory", {});
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < content.size()) {
    const ssize_t count =
        ::pread(file.get(), content.data() + at, content.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail_errno("read a file in memory", {});
    at += static_cast<std::size_t>(count);
  }
  return content;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

void limit(int resource, std::uint64_t soft, std::uint64_t hard) {
  const rlimit both{soft, hard};
  std::ignore = ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

// Between fork and exec, where only async-signal-safe functions may be called.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment,
                         const int (&files)[3], const ChildLimits& limits) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto processor = static_cast<std::uint64_t>(limits.processor.count());
  limit(RLIMIT_CPU, processor, processor + 1);
  limit(RLIMIT_DATA, limits.memory, limits.memory);
  limit(RLIMIT_FSIZE, limits.output, limits.output);
  limit(RLIMIT_CORE, 0, 0);
  for (int place = 0; place < 3; ++place) {
    if (::dup2(files[place], place) < 0) ::_exit(127);
  }
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(program, arguments, environment);
  ::_exit(127);
}

// The end of a child's life. Its process group is killed while the child's number can't belong to another.
class Running {
 public:
  explicit Running(pid_t process)
      : process_(process), event_(static_cast<int>(::syscall(SYS_pidfd_open, process, 0))) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { end(); }

  bool has_ended() {
    pollfd wait{event_.get(), POLLIN, 0};
    return ::poll(&wait, 1, poll_step) == 1;
  }
  bool can_be_watched() const { return static_cast<bool>(event_); }

  // The status of waitpid(2).
  int end() {
    if (process_ <= 0) return status_;
    ::kill(-process_, SIGKILL);
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    return status_;
  }

 private:
  pid_t process_;
  FileDescriptor event_;
  int status_ = 0;
};

std::string describe(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGXCPU) return "used more processor time than it may";
  if (WTERMSIG(status) == SIGXFSZ) return "wrote more than it may";
  return "ended by signal " + std::to_string(WTERMSIG(status));
}

std::string end_of(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') {
    text.pop_back();
  }
  if (text.size() > complaint_size) text.erase(0, text.size() - complaint_size);
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return text;
}

}  // namespace

Result<ChildOutput> run_child(const Child& child, std::string_view input, const ChildLimits& limits,
                              const GiveUp& give_up) {
  const auto in = memory_file(input);
  if (!in) return std::unexpected(in.error());
  const auto out = memory_file({});
  if (!out) return std::unexpected(out.error());
  const auto complaints = memory_file({});
  if (!complaints) return std::unexpected(complaints.error());
  // Above the three places, so that putting one there can't overwrite another.
  const int files[3] = {::fcntl(in->get(), F_DUPFD_CLOEXEC, 3), ::fcntl(out->get(), F_DUPFD_CLOEXEC, 3),
                        ::fcntl(complaints->get(), F_DUPFD_CLOEXEC, 3)};
  const FileDescriptor owned[3] = {FileDescriptor(files[0]), FileDescriptor(files[1]),
                                   FileDescriptor(files[2])};

  std::vector<std::string> arguments{child.program.native()};
  arguments.insert(arguments.end(), child.arguments.begin(), child.arguments.end());
  std::vector<std::string> environment = child.environment;
  const std::vector<char*> argument_list = pointers_to(arguments);
  const std::vector<char*> environment_list = pointers_to(environment);
  const pid_t process = ::fork();
  if (process < 0) return fail_errno("start a process", {});
  if (process == 0) {
    become(child.program.c_str(), argument_list.data(), environment_list.data(), files, limits);
  }
  Running running(process);
  if (!running.can_be_watched()) return fail_errno("watch a process", {});
  const auto deadline = Clock::now() + limits.wall;
  ChildOutput output;
  while (!running.has_ended()) {
    if (give_up && give_up()) return fail(ErrorKind::cancelled, "given up");
    if (Clock::now() >= deadline) {
      output.failure = "took longer than " + std::to_string(limits.wall.count()) + " s";
      break;
    }
  }
  const int status = running.end();
  if (output.failure.empty()) output.failure = describe(status);
  auto complained = content_of(*complaints);
  if (!complained) return std::unexpected(complained.error());
  output.complaint = end_of(std::move(*complained));
  if (output.failure.empty()) {
    auto written = content_of(*out);
    if (!written) return std::unexpected(written.error());
    output.out = std::move(*written);
  }
  return output;
}

bool can_be_run(const std::filesystem::path& program) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(program, ignored) && ::access(program.c_str(), X_OK) == 0;
}

std::filesystem::path find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "" : path;
  while (!folders.empty()) {
    const std::size_t colon = std::min(folders.find(':'), folders.size());
    const std::filesystem::path program = std::filesystem::path(folders.substr(0, colon)) / name;
    folders.remove_prefix(std::min(colon + 1, folders.size()));
    if (program.is_absolute() && can_be_run(program)) return program;
  }
  return {};
}

}  // namespace wheelbarrow::bundle
