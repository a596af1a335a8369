// Listening sockets. Private to this room.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::http {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

// One address, with a listening socket of its own for each loop: the kernel spreads connections over them
// (SO_REUSEPORT), and no lock or hand-over between loops is needed. Of a Unix domain socket there is one,
// which all loops accept from.
struct Listener {
  boost::asio::ip::tcp::endpoint endpoint;  // with the port that it got
  // Of a Unix domain socket, which has no endpoint; of one that was there before, neither is known.
  std::filesystem::path path;
  bool proxied = false;             // connections begin with a PROXY protocol header
  std::vector<Acceptor> acceptors;  // in the order of the loops
};

// Binds every address that `text` means: "127.0.0.1:8443", "[::1]:0", ":8443", "localhost:8443". All of them
// have the same port. Addresses of a name that this machine doesn't have are left out, as long as one is
// left. Of "unix:PATH", a socket file that nobody listens on any more is replaced. "fd:NUMBER" is a listening
// socket that this process was started with, and takes it over. "+proxy" at the end of any sets `proxied`.
Result<std::vector<Listener>> bind_listener(std::string_view text,
                                            std::span<boost::asio::io_context* const> loops);

}  // namespace wheelbarrow::http
