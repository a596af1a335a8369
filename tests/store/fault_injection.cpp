#include "store/fault_injection.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace wheelbarrow::test {
namespace {

// Plain data, because libraries write before this file's constructors have run.
std::atomic<Fault::Kind> fault_kind{Fault::Kind::none};
std::atomic<long> fault_step{0};
std::atomic<int> fault_error{0};
std::atomic<long> steps{0};
std::atomic<long> clock_shift{0};  // seconds

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// What the fault file holds now; 0 if there is none.
int error_of_file() {
  static const char* const path = std::getenv("WHEELBARROW_FAULT_FILE");
  if (path == nullptr) return 0;
  const long file = ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[16] = {};
  const bool read = ::syscall(SYS_read, file, text, sizeof text - 1) > 0;
  ::syscall(SYS_close, file);
  return read ? std::atoi(text) : 0;
}

// Runs one step. `half` does half of it.
template <class Call, class Half>
long take_step(bool takes_room, Call call, Half half) {
  const long step = steps++;
  const Fault::Kind kind = fault_kind;
  int error = kind == Fault::Kind::fail && step >= fault_step ? fault_error.load() : error_of_file();
  if (error == ENOSPC && !takes_room) error = 0;
  if (error != 0) {
    errno = error;
    return -1;
  }
  const bool here = step == fault_step;
  if (here && kind == Fault::Kind::kill_before) die();
  if (here && kind == Fault::Kind::kill_halfway) {
    half();
    die();
  }
  const long result = call();
  if (here && kind == Fault::Kind::kill_after) die();
  return result;
}

template <class Call>
long take_step(bool takes_room, Call call) {
  return take_step(takes_room, call, [] {});
}

int open_file(int folder, const char* path, int flags, mode_t mode) {
  const auto call = [&] { return ::syscall(SYS_openat, folder, path, flags, mode); };
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
  return static_cast<int>(writes ? take_step((flags & O_CREAT) != 0, call) : call());
}

ssize_t write_file(int file, const void* bytes, size_t size, off_t offset) {
  return take_step(
      true, [&] { return ::syscall(SYS_pwrite64, file, bytes, size, offset); },
      [&] { ::syscall(SYS_pwrite64, file, bytes, size / 2, offset); });
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

void inject(Fault fault) {
  fault_kind = fault.kind;
  fault_step = fault.step;
  fault_error = fault.error;
  steps = 0;
}

long steps_taken() {
  return steps;
}

void shift_clock(long seconds) {
  clock_shift = seconds;
}

}  // namespace wheelbarrow::test

using namespace wheelbarrow::test;

// Nothing is synced: a killed process loses nothing of what it has written, and no test cuts the power.
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(AT_FDCWD, path, flags, mode);
}

int mkostemp(char* path, int flags) {
  // One of a kind in the folder: the writers are few and their files live shortly.
  static std::atomic<unsigned> number{0};
  char* const end = path + std::strlen(path) - 6;
  for (;;) {
    unsigned rest = number++ * 2'654'435'761U + static_cast<unsigned>(::getpid()) * 40'503U;
    for (char* c = end; *c != '\0'; ++c) {
      *c = static_cast<char>('a' + rest % 26);
      rest /= 26;
    }
    const int file = open_file(AT_FDCWD, path, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file >= 0 || errno != EEXIST) return file;
  }
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  return write_file(file, bytes, size, offset);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off_t offset) {
  return write_file(file, bytes, size, offset);
}

int fsync(int /*file*/) {
  return static_cast<int>(take_step(false, [] { return 0L; }));
}

int fdatasync(int /*file*/) {
  return static_cast<int>(take_step(false, [] { return 0L; }));
}

int ftruncate(int file, off_t size) noexcept {
  return static_cast<int>(take_step(false, [&] { return ::syscall(SYS_ftruncate, file, size); }));
}

int ftruncate64(int file, off_t size) noexcept {
  return static_cast<int>(take_step(false, [&] { return ::syscall(SYS_ftruncate, file, size); }));
}

int fchmod(int file, mode_t mode) noexcept {
  return static_cast<int>(take_step(false, [&] { return ::syscall(SYS_fchmod, file, mode); }));
}

int rename(const char* from, const char* to) noexcept {
  return static_cast<int>(
      take_step(false, [&] { return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); }));
}

int unlink(const char* path) noexcept {
  return static_cast<int>(take_step(false, [&] { return ::syscall(SYS_unlinkat, AT_FDCWD, path, 0); }));
}

int mkdir(const char* path, mode_t mode) noexcept {
  // On a read-only file system a folder that is there says so, as the kernel does.
  struct stat status{};
  if (::stat(path, &status) == 0) {
    errno = EEXIST;
    return -1;
  }
  return static_cast<int>(take_step(true, [&] { return ::syscall(SYS_mkdirat, AT_FDCWD, path, mode); }));
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += clock_shift;
  return static_cast<int>(result);
}

int gettimeofday(timeval* now, void* zone) noexcept {
  const long result = ::syscall(SYS_gettimeofday, now, zone);
  now->tv_sec += clock_shift;
  return static_cast<int>(result);
}

}  // extern "C"
