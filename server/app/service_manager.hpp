// The service manager that started this process, systemd or another that speaks as it does: it may have
// opened the sockets already (sd_listen_fds(3)), wants to hear how things go (sd_notify(3)), and may end a
// process that it hears nothing of (WatchdogSec=). All of it is some environment variables and one datagram
// a message, so there is no library for it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"

namespace wheelbarrow::app {

class ServiceManager {
 public:
  // Reads the environment and opens the way back. Without a service manager nothing is there and nobody is
  // told. REQUIRES: to be called once, before the sandbox.
  static Result<ServiceManager> find();

  // Whether an address is one that a service manager opens: "systemd:NAME".
  static bool opens(std::string_view address) { return address.starts_with("systemd:"); }

  // Each of those becomes an "fd:NUMBER" for each socket of that name (FileDescriptorName=), which is handed
  // out once; other addresses stay. ErrorKind::invalid_input where there is no socket of that name.
  Result<std::vector<std::string>> open_addresses(const std::vector<std::string>& addresses);

  void tell_ready() const { tell("READY=1"); }
  void tell_reloading() const;  // tell_ready() when that is done
  void tell_stopping() const { tell("STOPPING=1"); }
  void tell_alive() const { tell("WATCHDOG=1"); }

  // How often tell_alive() has to be called at least; nothing: never.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  struct Socket {
    std::string name;
    int number = -1;
  };

  void tell(const std::string& state) const;

  FileDescriptor notify_;
  std::vector<Socket> sockets_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace wheelbarrow::app
