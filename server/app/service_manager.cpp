#include "app/service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

namespace wheelbarrow::app {
namespace {

constexpr int first_socket = 3;  // SD_LISTEN_FDS_START
constexpr std::string_view scheme = "systemd:";

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::optional<std::int64_t> number_in(const char* name) {
  const std::string_view text = variable(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What is meant for this process, not for one that it was started by.
bool is_ours(const char* name) {
  return number_in(name).value_or(::getpid()) == ::getpid();
}

// "a:b:c"; a socket without a name has systemd's own.
std::vector<std::string> names_of(std::size_t count) {
  std::string_view text = variable("LISTEN_FDNAMES");
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    names.emplace_back(text.substr(0, colon));
    text.remove_prefix(std::min(colon + 1, text.size()));
  }
  names.resize(count, "unknown");
  return names;
}

// A path, or "@name" in the abstract namespace.
Result<FileDescriptor> connect_to(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
    return fail(ErrorKind::invalid_input, "is no address of a service manager",
                "NOTIFY_SOCKET=" + std::string(path));
  }
  path.copy(address.sun_path, path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return fail_errno("reach the service manager", std::string(path));
  }
  return socket;
}

}  // namespace

Result<ServiceManager> ServiceManager::find() {
  ServiceManager manager;
  if (const std::string_view path = variable("NOTIFY_SOCKET"); !path.empty()) {
    auto socket = connect_to(path);
    if (!socket) return std::unexpected(socket.error());
    manager.notify_ = std::move(*socket);
  }
  if (const auto interval = number_in("WATCHDOG_USEC");
      interval && *interval > 0 && is_ours("WATCHDOG_PID")) {
    manager.watchdog_ = std::chrono::microseconds(*interval);
  }
  const auto count = number_in("LISTEN_FDS");
  if (!count || *count <= 0 || *count > 1000 || variable("LISTEN_PID").empty() || !is_ours("LISTEN_PID")) {
    return manager;
  }
  int number = first_socket;
  for (std::string& name : names_of(static_cast<std::size_t>(*count))) {
    std::ignore = ::fcntl(number, F_SETFD, FD_CLOEXEC);
    manager.sockets_.push_back({std::move(name), number++});
  }
  return manager;
}

Result<std::vector<std::string>> ServiceManager::open_addresses(const std::vector<std::string>& addresses) {
  std::vector<std::string> opened;
  for (const std::string& address : addresses) {
    if (!opens(address)) {
      opened.push_back(address);
      continue;
    }
    const std::size_t mark = std::min(address.find('+'), address.size());  // "+proxy" stays what it is
    const std::string name = address.substr(scheme.size(), mark - scheme.size());
    const auto others =
        std::ranges::stable_partition(sockets_, [&](const Socket& s) { return s.name == name; });
    const auto end = others.begin();
    if (end == sockets_.begin()) {
      return fail(
          ErrorKind::invalid_input,
          "the service manager passed no socket of that name; its unit needs FileDescriptorName=" + name,
          address);
    }
    std::transform(sockets_.begin(), end, std::back_inserter(opened),
                   [&](const Socket& s) { return "fd:" + std::to_string(s.number) + address.substr(mark); });
    sockets_.erase(sockets_.begin(), end);
  }
  return opened;
}

void ServiceManager::tell_reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void ServiceManager::tell(const std::string& state) const {
  // A service manager that is gone needs no telling.
  if (notify_) std::ignore = ::send(notify_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace wheelbarrow::app
