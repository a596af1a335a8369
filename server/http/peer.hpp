// Who is at the other end of a connection. Private to this room.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "http/server.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

struct Peer {
  std::string name;     // "192.0.2.1:49152", "[2001:db8::1]:49152", "unix" for a local socket
  std::string network;  // the IPv4 address or the IPv6 /64, which one customer usually has; empty for unix
};

Peer peer_of(const Socket& socket);

// The connections of all loops, counted. Safe to use from any thread.
class ConnectionCount {
 public:
  // Why one more from there is not welcome; null if it is, and then it is counted.
  const char* enter(const std::string& network, const Limits& limits);
  void leave(const std::string& network);

 private:
  std::mutex mutex_;
  std::size_t all_ = 0;
  std::unordered_map<std::string, std::size_t> by_network_;
};

}  // namespace wheelbarrow::http
