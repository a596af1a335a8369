#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/sandbox.hpp"
#include "base/file_descriptor.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace {

// Landlock by its own words (Documentation/userspace-api/landlock.rst): the C library has no functions for
// it, and the kernel's headers of the build are not those of the kernel that it runs on.
enum Access : std::uint64_t {
  execute = 1U << 0,
  write_file = 1U << 1,
  read_file = 1U << 2,
  read_folder = 1U << 3,
  remove_folder = 1U << 4,
  remove_file = 1U << 5,
  make_folder = 1U << 7,
  make_file = 1U << 8,
  make_socket = 1U << 9,
  reparent = 1U << 13,    // since version 2; before it, renaming into another folder always fails
  truncate = 1U << 14,    // since version 3
  use_device = 1U << 15,  // ioctl, since version 5
};

struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;  // since version 4
  std::uint64_t scope = 0;    // since version 6
};

struct [[gnu::packed]] PathRule {
  std::uint64_t allowed = 0;
  std::int32_t folder = -1;
};

constexpr std::uint64_t connect_tcp = 1U << 1;
constexpr std::uint64_t outside_sockets = 1U << 0;  // abstract ones
constexpr std::uint64_t outside_signals = 1U << 1;
constexpr unsigned ask_version = 1;
constexpr int path_rule = 1;
constexpr long oldest_version = 2;  // the store publishes its blobs by renaming them
constexpr std::uint64_t reading = read_file | read_folder;
constexpr std::uint64_t running = reading | execute;
constexpr std::uint64_t writing =
    reading | write_file | truncate | remove_folder | remove_file | make_folder | make_file | reparent;
constexpr std::uint64_t of_a_file = execute | write_file | read_file | truncate | use_device;

// What programs find their libraries and themselves by. Nothing secret lies there on any system.
constexpr const char* system_folders[] = {"/usr", "/bin", "/lib", "/lib64", "/nix/store"};
// Node doesn't start when there is a configuration of OpenSSL that it can't read.
constexpr const char* system_files[] = {"/etc/ld.so.cache", "/etc/ssl/openssl.cnf"};
constexpr const char* devices[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};

#ifdef __SANITIZE_ADDRESS__
constexpr bool sanitized = true;  // it looks for leaks at the end: in /proc/self, tracing the other threads
#else
constexpr bool sanitized = false;
#endif

// Everything that a version knows, so that all of it needs a rule.
Ruleset ruleset_of(long version) {
  Ruleset set{.files = (std::uint64_t{1} << 14) - 1};
  if (version >= 3) set.files |= truncate;
  if (version >= 5) set.files |= use_device;
  if (version >= 4) set.network = connect_tcp;
  if (version >= 6) set.scope = outside_sockets | outside_signals;
  return set;
}

std::size_t size_of(long version) {
  return version >= 6   ? sizeof(Ruleset)
         : version >= 4 ? offsetof(Ruleset, scope)
                        : offsetof(Ruleset, network);
}

class Rules {
 public:
  Rules(FileDescriptor set, std::uint64_t known) : set_(std::move(set)), known_(known) {}

  Result<void> allow(const fs::path& path, std::uint64_t access) {
    const FileDescriptor folder(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!folder) return {};
    struct stat status{};
    if (::fstat(folder.get(), &status) != 0) return fail_errno("examine the file", path);
    if (!S_ISDIR(status.st_mode)) access &= of_a_file;
    const PathRule rule{access & known_, folder.get()};
    if (rule.allowed == 0 || ::syscall(SYS_landlock_add_rule, set_.get(), path_rule, &rule, 0U) == 0)
      return {};
    return fail_errno("allow the path in the sandbox", path);
  }

  template <class Paths>
  Result<void> allow_each(const Paths& paths, std::uint64_t access) {
    for (const auto& path : paths) {
      if (auto allowed = allow(path, access); !allowed) return allowed;
    }
    return {};
  }

  Result<void> enforce() {
    if (::syscall(SYS_landlock_restrict_self, set_.get(), 0U) == 0) return {};
    return fail_errno("enter the sandbox", {});
  }

 private:
  FileDescriptor set_;
  std::uint64_t known_;
};

Result<void> allow_all(Rules& rules, const Reach& reach) {
  if (auto allowed = rules.allow_each(reach.read, reading); !allowed) return allowed;
  if (auto allowed = rules.allow_each(reach.write, writing); !allowed) return allowed;
  if (auto allowed = rules.allow_each(reach.run, running); !allowed) return allowed;
  if (auto allowed = rules.allow_each(reach.sockets, make_socket | remove_file); !allowed) return allowed;
  if (auto allowed = rules.allow_each(system_folders, running); !allowed) return allowed;
  if (auto allowed = rules.allow_each(system_files, reading); !allowed) return allowed;
  if (auto allowed = rules.allow_each(devices, reading | write_file); !allowed) return allowed;
  if (sanitized) return rules.allow("/proc/self", reading);
  return {};
}

// A filter that knows what is needed, not what is dangerous: kernels keep getting new calls. ENOSYS is what a
// C library expects of a call that an older kernel hasn't, and does something else then.
constexpr std::string_view allowed_calls[] = {
    // memory
    "brk", "madvise", "membarrier", "memfd_create", "mincore", "mlock", "mmap", "mmap2", "mprotect", "mremap",
    "msync", "munlock", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect",
    // files and folders
    "access", "chdir", "chmod", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
    "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat",
    "fchmodat2", "fchown", "fcntl", "fcntl64", "fdatasync", "flock", "fstat", "fstat64", "fstatat64",
    "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "getcwd", "getdents", "getdents64", "ioctl",
    "link", "linkat", "_llseek", "lseek", "lstat", "lstat64", "mkdir", "mkdirat", "newfstatat", "open",
    "openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read",
    "readahead", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "sendfile",
    "sendfile64", "stat", "stat64", "statfs", "statfs64", "statx", "sync_file_range", "truncate",
    "truncate64", "umask", "unlink", "unlinkat", "utimensat", "write", "writev",
    // waiting
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd",
    "eventfd2", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "pipe", "pipe2",
    "poll", "ppoll", "pselect6", "select", "_newselect", "timerfd_create", "timerfd_gettime",
    "timerfd_settime",
    // sockets that there are, and those that they accept
    "accept", "accept4", "getpeername", "getsockname", "getsockopt", "listen", "recv", "recvfrom", "recvmmsg",
    "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socketpair",
    // processes and threads
    "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork", "futex",
    "futex_time64", "futex_waitv", "get_robust_list", "getcpu", "getegid", "geteuid", "getgid", "getgroups",
    "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getresgid", "getresuid", "getrlimit",
    "getrusage", "getsid", "gettid", "getuid", "kill", "pidfd_open", "pidfd_send_signal", "prctl",
    "prlimit64", "rseq", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
    "sched_getparam", "sched_getscheduler", "sched_setaffinity", "sched_setscheduler", "sched_yield",
    "seccomp", "set_robust_list", "set_tid_address", "setpgid", "setpriority", "setrlimit", "setsid",
    "sysinfo", "tgkill", "tkill", "times", "ugetrlimit", "uname", "vfork", "wait4", "waitid", "waitpid",
    // signals
    "alarm", "getitimer", "pause", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
    "rt_tgsigqueueinfo", "setitimer", "sigaltstack", "sigreturn",
    // time and chance
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "getrandom", "gettimeofday", "nanosleep", "time"};
constexpr std::string_view sanitizer_calls[] = {"ptrace", "process_vm_readv"};

// CLONE_NEW*: among them the namespace of users, in which a process is root.
constexpr std::uint64_t new_namespaces = 0x7E020000;

struct FilterDeleter {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FilterDeleter>;

int allow(scmp_filter_ctx filter, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const int call = ::seccomp_syscall_resolve_name(std::string(name).c_str());
    if (call < 0) continue;  // another processor's
    if (const int error = ::seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, call, 0); error != 0) return error;
  }
  return 0;
}

int load(scmp_filter_ctx filter) {
  if (const int error = allow(filter, allowed_calls); error != 0) return error;
  if (sanitized) {
    if (const int error = allow(filter, sanitizer_calls); error != 0) return error;
  }
  // clone3's flags lie in memory, where a filter can't look; the C library takes clone when it is told
  // ENOSYS.
  const scmp_arg_cmp no_namespace{
      .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = new_namespaces, .datum_b = 0};
  if (const int error =
          ::seccomp_rule_add_exact_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &no_namespace);
      error != 0) {
    return error;
  }
  // A tree to be searched instead of a list, for kernels that remember nothing (before 5.11).
  ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (const int error = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); error != 0) return error;
  return ::seccomp_load(filter);
}

}  // namespace

Result<std::string> confine_files(const Reach& reach) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0}, ask_version);
  if (version < 0) return fail_errno("use Landlock", {});
  if (version < oldest_version)
    return fail(ErrorKind::io, "Landlock 1 can't rename files (Linux before 5.19)");
  const Ruleset ruleset = ruleset_of(version);
  FileDescriptor set(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &ruleset, size_of(version), 0U)));
  if (!set) return fail_errno("use Landlock", {});
  Rules rules(std::move(set), ruleset.files);
  if (auto allowed = allow_all(rules, reach); !allowed) return std::unexpected(allowed.error());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("give up new privileges", {});
  if (auto entered = rules.enforce(); !entered) return std::unexpected(entered.error());
  return "landlock-" + std::to_string(version);
}

Result<std::string> confine_calls() {
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return fail(ErrorKind::io, "can't make a seccomp filter");
  if (const int error = load(filter.get()); error != 0) {
    return fail(ErrorKind::io, "can't use seccomp: " + std::generic_category().message(-error));
  }
  return "seccomp";
}

}  // namespace wheelbarrow::app
