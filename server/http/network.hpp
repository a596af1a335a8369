// Sets of addresses, as an administrator writes them: who may speak for others.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::http {

class Networks {
 public:
  // Each is an address ("127.0.0.1", "::1"), a network in CIDR notation ("10.0.0.0/8", "2001:db8::/32"; RFC
  // 4632 3.1, RFC 4291 2.3), or "unix:" for everything that comes through a Unix domain socket. An error
  // names the text. A network with bits beyond its prefix is one: it is a typing mistake more often than not.
  static Result<Networks> parse(const std::vector<std::string>& texts);

  // An IPv4 address in IPv6's clothes (::ffff:192.0.2.1) is the IPv4 address.
  bool contains(const boost::asio::ip::address& address) const;
  bool contains_local_sockets() const { return local_; }
  bool empty() const { return v4_.empty() && v6_.empty() && !local_; }

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
  bool local_ = false;
};

// The IPv4 address instead of ::ffff:192.0.2.1.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

// What is limited as one client: an IPv4 address, or the IPv6 /64 that one customer usually has. An opaque
// key.
std::string network_key(const boost::asio::ip::address& address);

}  // namespace wheelbarrow::http
