#include "http/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace wheelbarrow::http {
namespace {

constexpr std::size_t prefix_size = 8;  // bytes of an IPv6 /64

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* const written = ::inet_ntop(family, address, text.data(), text.size());
  return written == nullptr ? "unknown" : written;
}

}  // namespace

Peer peer_of(const Socket& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const generic = reinterpret_cast<sockaddr*>(&storage);
  // The handle of a socket that is only looked at.
  const int handle = const_cast<Socket&>(socket).native_handle();
  if (::getpeername(handle, generic, &size) != 0) return {"unknown", ""};
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    std::string host = text_of(AF_INET, &address.sin_addr);
    return {host + ":" + std::to_string(ntohs(address.sin_port)), host};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof address);
    const std::string port = std::to_string(ntohs(address.sin6_port));
    const std::string host = text_of(AF_INET6, &address.sin6_addr);
    // An IPv4 client of a socket that takes both is counted as what it is.
    if (host.starts_with("::ffff:")) return {"[" + host + "]:" + port, host};
    return {"[" + host + "]:" + port,
            {reinterpret_cast<const char*>(address.sin6_addr.s6_addr), prefix_size}};
  }
  return {"unix", ""};
}

const char* ConnectionCount::enter(const std::string& network, const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  if (all_ >= limits.max_connections) return "max_connections";
  if (!network.empty()) {
    std::size_t& count = by_network_[network];
    if (count >= limits.max_connections_per_address) return "max_connections_per_address";
    ++count;
  }
  ++all_;
  return nullptr;
}

void ConnectionCount::leave(const std::string& network) {
  const std::scoped_lock lock(mutex_);
  --all_;
  const auto found = by_network_.find(network);
  if (found != by_network_.end() && --found->second == 0) by_network_.erase(found);
}

}  // namespace wheelbarrow::http
