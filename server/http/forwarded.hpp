// What a reverse proxy says of the client and of the address it asked for: `Forwarded` (RFC 7239) or the
// X-Forwarded-* fields. Private to this room.
//
// A client can send these fields as well as a proxy, so they count only if they come from a trusted address,
// and only those of the kind that the server was told its proxy writes: the other kind may have come from the
// client and been passed on.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/peer.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

// One hop, as the proxy that received it saw it.
struct ForwardedElement {
  std::string client;  // "for": an address with or without a port, "unknown", or "_hidden"; empty: not said
  std::string host;
  std::string scheme;
};

// The elements of a Forwarded field, the first proxy's first; nothing if it isn't one (RFC 7239 4).
std::optional<std::deque<ForwardedElement>> parse_forwarded(std::string_view field);

// An address as either kind writes it, without its port: "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1".
std::optional<boost::asio::ip::address> parse_node(std::string_view node);

// Fills in who asks and which address was asked for: peer, network, scheme, authority, prefix; takes
// Front::strip_prefix off the path. What is malformed is as if it weren't there.
void introduce(Request& request, const Peer& peer, const Front& front);

}  // namespace wheelbarrow::http
