#include "http/network.hpp"

#include <algorithm>
#include <cstddef>

namespace wheelbarrow::http {

namespace ip = boost::asio::ip;

namespace {

constexpr std::size_t customer_size = 8;  // bytes of an IPv6 /64

std::string with_length(const std::string& text, std::string_view length) {
  return text.find('/') == std::string::npos ? text + std::string(length) : text;
}

}  // namespace

Result<Networks> Networks::parse(const std::vector<std::string>& texts) {
  Networks networks;
  for (const std::string& text : texts) {
    if (text == "unix:") {
      networks.local_ = true;
      continue;
    }
    const auto beyond = [&text](const std::string& meant) {
      return fail(ErrorKind::invalid_input, "the network has bits beyond its prefix; " + meant + " is meant?",
                  text);
    };
    boost::system::error_code error;
    if (const auto v4 = ip::make_network_v4(with_length(text, "/32"), error); !error) {
      if (v4.address() != v4.network()) return beyond(v4.canonical().to_string());
      networks.v4_.push_back(v4);
      continue;
    }
    const auto v6 = ip::make_network_v6(with_length(text, "/128"), error);
    if (error || text.find('%') != std::string::npos) {  // a scope is an interface, not a network
      return fail(ErrorKind::invalid_input,
                  "a trusted address is like 127.0.0.1, 10.0.0.0/8, ::1, 2001:db8::/32 or unix:", text);
    }
    if (v6.address() != v6.network()) return beyond(v6.canonical().to_string());
    networks.v6_.push_back(v6);
  }
  return networks;
}

bool Networks::contains(const ip::address& address) const {
  const ip::address plain = unmapped(address);
  if (plain.is_v4()) {
    return std::ranges::any_of(v4_, [v4 = plain.to_v4()](const ip::network_v4& network) {
      return ip::network_v4(v4, network.prefix_length()).network() == network.network();
    });
  }
  // A scope says through which interface an address was met, which is not part of the network.
  return std::ranges::any_of(
      v6_, [v6 = ip::address_v6(plain.to_v6().to_bytes())](const ip::network_v6& network) {
        return ip::network_v6(v6, network.prefix_length()).network() == network.network();
      });
}

ip::address unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::string network_key(const ip::address& address) {
  const ip::address plain = unmapped(address);
  if (plain.is_v4()) return plain.to_string();
  const auto bytes = plain.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + customer_size};
}

}  // namespace wheelbarrow::http
