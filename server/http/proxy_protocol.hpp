// The PROXY protocol, versions 1 and 2: what a proxy that passes TCP on says before the client's first byte,
// so that the server knows the client (HAProxy's doc/proxy-protocol.txt, sections 2.1 and 2.2). Private to
// this room.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

#include "http/transport.hpp"

namespace wheelbarrow::http {

struct ProxyHeader {
  enum class State { incomplete, malformed, complete };

  State state = State::incomplete;
  std::size_t size = 0;  // bytes of the whole header, once it is complete
  // The client; nothing if the proxy speaks for itself (LOCAL, a health check) or doesn't say (UNKNOWN,
  // UNSPEC, a Unix domain socket), and then requests count as the proxy's own, without its word.
  std::optional<boost::asio::ip::tcp::endpoint> client = {};
  bool secure = false;  // the client spoke TLS to the proxy (PP2_TYPE_SSL)
};

// More than this many bytes are malformed; version 1 has 107 at most by its definition.
inline constexpr std::size_t max_proxy_header = 4096;

// Reads a header at the beginning of `received`; what follows it is not looked at. Strict: whatever the
// protocol doesn't define is malformed, and so is a wrong checksum (PP2_TYPE_CRC32C).
ProxyHeader parse_proxy_header(std::string_view received);

// Takes the header off a connection and leaves everything after it. Malformed when the connection ends.
boost::asio::awaitable<ProxyHeader> read_proxy_header(Socket& socket);

}  // namespace wheelbarrow::http
