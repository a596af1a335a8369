// Who is at the other end of a connection. Private to this room.
#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "http/network.hpp"
#include "http/server.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

struct Peer {
  std::string name;     // "192.0.2.1:49152", "[2001:db8::1]:49152", "unix" for a local socket
  std::string network;  // network_key() of its address; empty if it has none
  std::optional<boost::asio::ip::address> address = {};
  bool local = false;   // through a Unix domain socket
  bool secure = false;  // spoke TLS to the proxy that introduced it
};

Peer peer_of(const Socket& socket);
Peer peer_at(const boost::asio::ip::address& address, std::uint16_t port);

bool is_trusted(const Peer& peer, const Networks& trusted);

// The connections of all loops, counted. Safe to use from any thread.
class ConnectionCount {
 public:
  // Why one more from there is not welcome; null if it is, and then it is counted. An empty network counts in
  // the sum only.
  const char* enter(const std::string& network, const Limits& limits);
  // Counts one that is in the sum only as one from there, likewise.
  const char* settle(const std::string& network, const Limits& limits);
  void leave(const std::string& network);
  std::size_t open() const;

 private:
  const char* count(const std::string& network, const Limits& limits);

  mutable std::mutex mutex_;
  std::size_t all_ = 0;
  std::unordered_map<std::string, std::size_t> by_network_;
};

// A counted connection; it is counted off when this is destroyed.
class ConnectionPlace {
 public:
  // REQUIRES: it has entered, as of that network. `count` outlives this.
  ConnectionPlace(ConnectionCount& count, std::string network)
      : count_(&count), network_(std::move(network)) {}
  ~ConnectionPlace() {
    if (count_ != nullptr) count_->leave(network_);
  }
  ConnectionPlace(ConnectionPlace&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)), network_(std::move(other.network_)) {}
  ConnectionPlace& operator=(ConnectionPlace&&) = delete;

  // See ConnectionCount::settle(). REQUIRES: the network was empty.
  const char* settle(const std::string& network, const Limits& limits) {
    const char* const limit = count_->settle(network, limits);
    if (limit == nullptr) network_ = network;
    return limit;
  }

 private:
  ConnectionCount* count_;
  std::string network_;
};

}  // namespace wheelbarrow::http
