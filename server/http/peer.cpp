#include "http/peer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstring>

namespace wheelbarrow::http {

namespace ip = boost::asio::ip;

Peer peer_of(const Socket& socket) {
  ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  // The handle of a socket that is only looked at.
  const int handle = const_cast<Socket&>(socket).native_handle();
  sockaddr_storage storage{};
  auto* const generic = reinterpret_cast<sockaddr*>(&storage);
  if (::getpeername(handle, generic, &size) != 0) return {"unknown", ""};
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return {"unix", "", {}, true};
  std::memcpy(endpoint.data(), &storage, endpoint.capacity());
  return peer_at(endpoint.address(), endpoint.port());
}

Peer peer_at(const ip::address& address, std::uint16_t port) {
  const ip::address plain = unmapped(address);
  const std::string host = plain.is_v6() ? "[" + plain.to_string() + "]" : plain.to_string();
  return {host + ":" + std::to_string(port), network_key(plain), plain};
}

bool is_trusted(const Peer& peer, const Networks& trusted) {
  return peer.local ? trusted.contains_local_sockets() : peer.address && trusted.contains(*peer.address);
}

const char* ConnectionCount::count(const std::string& network, const Limits& limits) {
  if (network.empty()) return nullptr;
  std::size_t& count = by_network_[network];
  if (count >= limits.max_connections_per_address) return "max_connections_per_address";
  ++count;
  return nullptr;
}

const char* ConnectionCount::enter(const std::string& network, const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  if (all_ >= limits.max_connections) return "max_connections";
  if (const char* limit = count(network, limits)) return limit;
  ++all_;
  return nullptr;
}

const char* ConnectionCount::settle(const std::string& network, const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  return count(network, limits);
}

std::size_t ConnectionCount::open() const {
  const std::scoped_lock lock(mutex_);
  return all_;
}

void ConnectionCount::leave(const std::string& network) {
  const std::scoped_lock lock(mutex_);
  --all_;
  const auto found = by_network_.find(network);
  if (found != by_network_.end() && --found->second == 0) by_network_.erase(found);
}

}  // namespace wheelbarrow::http
