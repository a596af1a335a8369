#include "http/listener.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "http/server.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::string_view proxy_mark = "+proxy";
constexpr std::string_view descriptor_scheme = "fd:";

struct Address {
  std::string host;  // empty for all addresses
  std::uint16_t port = 0;
};

Result<Address> parse_address(std::string_view text) {
  const auto refused = [text](std::string message) {
    return fail(ErrorKind::invalid_input, std::move(message), std::string(text));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refused("a listening address is ADDRESS:PORT, for example 127.0.0.1:8443");
  }
  Address address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return refused("brackets are for IPv6 addresses");
  } else if (host.find(':') != std::string_view::npos) {
    return refused("an IPv6 address needs brackets, for example [::1]:8443");
  }
  address.host = host;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return refused("the port must be a number from 0 to 65535");
  }
  return address;
}

Result<std::vector<tcp::endpoint>> resolve(const Address& address, std::string_view text) {
  std::vector<tcp::endpoint> endpoints;
  error_code error;
  if (const auto literal = asio::ip::make_address(address.host, error); !error) {
    endpoints.emplace_back(literal, address.port);
    return endpoints;
  }
  if (address.host == "localhost") {
    // Always the loopback addresses, both of them (RFC 6761 6.3), because browsers don't ask a hosts file
    // either.
    return std::vector<tcp::endpoint>{{asio::ip::address_v4::loopback(), address.port},
                                      {asio::ip::address_v6::loopback(), address.port}};
  }
  asio::io_context context;
  tcp::resolver resolver(context);
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error)
    return fail(ErrorKind::invalid_input, "the host has no address: " + error.message(), std::string(text));
  for (const auto& entry : found) {
    if (std::ranges::find(endpoints, entry.endpoint()) == endpoints.end())
      endpoints.push_back(entry.endpoint());
  }
  // 127.0.0.1 first, whatever the resolver prefers: it is the address that everybody has.
  std::ranges::stable_partition(endpoints,
                                [](const tcp::endpoint& endpoint) { return endpoint.address().is_v4(); });
  return endpoints;
}

enum class Sharing { none, reuse_port };

tcp::endpoint to_tcp(const asio::generic::stream_protocol::endpoint& endpoint) {
  tcp::endpoint result;
  result.resize(endpoint.size());
  std::memcpy(result.data(), endpoint.data(), endpoint.size());
  return result;
}

error_code open(Acceptor& acceptor, const tcp::endpoint& endpoint, Sharing sharing) {
  error_code error;
  if (acceptor.open(endpoint.protocol(), error)) return error;
  // Otherwise a restart would wait for the old connections' TIME_WAIT.
  if (acceptor.set_option(Acceptor::reuse_address(true), error)) return error;
  if (endpoint.protocol() == tcp::v6()) {
    // The IPv6 wildcard takes IPv4 too; any other IPv6 address is only itself.
    const asio::ip::v6_only only_v6(!endpoint.address().is_unspecified());
    if (acceptor.set_option(only_v6, error)) return error;
  }
  if (sharing == Sharing::reuse_port) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    if (acceptor.set_option(ReusePort(true), error)) return error;
  }
  if (acceptor.bind(endpoint, error)) return error;
  return acceptor.listen(Acceptor::max_listen_connections, error);
}

// A socket that doesn't share its port finds out whether anybody else has it. Without this, a second server
// started by mistake would silently take half of the connections of the first.
error_code probe(asio::io_context& context, const tcp::endpoint& endpoint) {
  if (endpoint.port() == 0) return {};
  Acceptor acceptor(context);
  return open(acceptor, endpoint, Sharing::none);
}

struct Failure {
  tcp::endpoint endpoint;
  error_code error;
};

std::optional<Failure> bind_one(tcp::endpoint endpoint, std::span<asio::io_context* const> loops,
                                std::vector<Listener>& listeners) {
  if (const error_code error = probe(*loops.front(), endpoint)) return Failure{endpoint, error};
  Listener listener;
  for (asio::io_context* loop : loops) {
    Acceptor acceptor(*loop);
    error_code error = open(acceptor, endpoint, Sharing::reuse_port);
    if (!error) endpoint = to_tcp(acceptor.local_endpoint(error));  // a free port, once one was picked
    if (error) return Failure{endpoint, error};
    listener.acceptors.push_back(std::move(acceptor));
  }
  listener.endpoint = endpoint;
  listeners.push_back(std::move(listener));
  return std::nullopt;
}

bool is_absent(const error_code& error) {
  return error == boost::system::errc::address_not_available ||
         error == boost::system::errc::address_family_not_supported;
}

std::optional<Failure> bind_all(const std::vector<tcp::endpoint>& endpoints,
                                std::span<asio::io_context* const> loops, std::vector<Listener>& listeners) {
  std::optional<Failure> absent;
  for (tcp::endpoint endpoint : endpoints) {
    if (endpoint.port() == 0 && !listeners.empty()) endpoint.port(listeners.front().endpoint.port());
    const std::optional<Failure> failure = bind_one(endpoint, loops, listeners);
    if (!failure) continue;
    if (!is_absent(failure->error)) return failure;
    absent = failure;
  }
  return listeners.empty() ? absent : std::nullopt;
}

std::unexpected<Error> cannot_listen(std::string_view text, const error_code& error) {
  return fail(ErrorKind::io, "can't listen there: " + error.message(), std::string(text));
}

Result<void> check_socket_path(std::string_view text) {
  const std::size_t size = text.size() - unix_scheme.size();
  if (size > 0 && size < sizeof(sockaddr_un::sun_path)) return {};
  return fail(ErrorKind::invalid_input, "the path of a Unix domain socket has 1 to 107 bytes",
              std::string(text));
}

// Whether a socket file was left behind by a process that is gone.
bool is_abandoned(asio::io_context& context, const local::endpoint& endpoint) {
  local::socket socket(context);
  error_code error;
  return std::filesystem::is_socket(endpoint.path()) &&
         socket.connect(endpoint, error) == asio::error::connection_refused;
}

// One socket for all loops.
Result<std::vector<Listener>> share(Listener listener, Acceptor first,
                                    const asio::generic::stream_protocol& protocol,
                                    std::span<asio::io_context* const> loops, std::string_view text) {
  error_code error;
  for (asio::io_context* loop : loops.subspan(1)) {
    Acceptor more(*loop);
    if (more.assign(protocol, ::dup(first.native_handle()), error)) return cannot_listen(text, error);
    listener.acceptors.push_back(std::move(more));
  }
  listener.acceptors.insert(listener.acceptors.begin(), std::move(first));
  std::vector<Listener> listeners;
  listeners.push_back(std::move(listener));
  return listeners;
}

Result<std::vector<Listener>> bind_local(std::string_view text, const std::filesystem::path& path,
                                         std::span<asio::io_context* const> loops) {
  if (const auto good = check_socket_path(text); !good) return std::unexpected(good.error());
  const local::endpoint endpoint(path.native());
  error_code error;
  if (is_abandoned(*loops.front(), endpoint)) std::filesystem::remove(path, error);
  Listener listener;
  listener.path = path;
  Acceptor first(*loops.front());
  if (first.open(endpoint.protocol(), error) || first.bind(endpoint, error) ||
      first.listen(Acceptor::max_listen_connections, error)) {
    return cannot_listen(text, error);
  }
  return share(std::move(listener), std::move(first), endpoint.protocol(), loops, text);
}

// A socket that somebody else made and passed on.
Result<std::vector<Listener>> take_over(std::string_view text, std::string_view digits,
                                        std::span<asio::io_context* const> loops) {
  const auto refused = [text](std::string message) {
    return fail(ErrorKind::invalid_input, std::move(message), std::string(text));
  };
  int number = -1;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (bad != std::errc{} || end != digits.data() + digits.size() || number < 0) {
    return refused("a descriptor is a number, for example fd:3");
  }
  int listening = 0;
  int type = 0;
  int family = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0 ||
      ::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
      ::getsockopt(number, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) {
    return refused("is no socket that listens for connections");
  }
  const asio::generic::stream_protocol protocol(family, family == AF_UNIX ? 0 : IPPROTO_TCP);
  error_code error;
  Acceptor first(*loops.front());
  if (first.assign(protocol, number, error)) return cannot_listen(text, error);
  Listener listener;
  if (family != AF_UNIX) listener.endpoint = to_tcp(first.local_endpoint(error));
  if (error) return cannot_listen(text, error);
  return share(std::move(listener), std::move(first), protocol, loops, text);
}

}  // namespace

Result<void> check_listener(std::string_view text) {
  if (text.ends_with(proxy_mark)) text.remove_suffix(proxy_mark.size());
  if (text.starts_with(descriptor_scheme)) return {};
  if (text.starts_with(unix_scheme)) return check_socket_path(text);
  const auto address = parse_address(text);
  return address ? Result<void>() : std::unexpected(address.error());
}

Result<std::vector<Listener>> bind_listener(std::string_view text, std::span<asio::io_context* const> loops) {
  if (text.ends_with(proxy_mark)) {
    auto listeners = bind_listener(text.substr(0, text.size() - proxy_mark.size()), loops);
    if (!listeners) return listeners;
    for (Listener& listener : *listeners) {
      listener.proxied = true;
    }
    return listeners;
  }
  if (text.starts_with(descriptor_scheme))
    return take_over(text, text.substr(descriptor_scheme.size()), loops);
  if (text.starts_with(unix_scheme)) return bind_local(text, text.substr(unix_scheme.size()), loops);
  const Result<Address> address = parse_address(text);
  if (!address) return std::unexpected(address.error());
  Result<std::vector<tcp::endpoint>> endpoints =
      address->host.empty() ? std::vector{tcp::endpoint(tcp::v6(), address->port)} : resolve(*address, text);
  if (!endpoints) return std::unexpected(endpoints.error());

  std::vector<Listener> listeners;
  std::optional<Failure> failure = bind_all(*endpoints, loops, listeners);
  if (failure && address->host.empty() && is_absent(failure->error)) {
    failure =
        bind_all({tcp::endpoint(tcp::v4(), address->port)}, loops, listeners);  // a machine without IPv6
  }
  // A port that was free on the first address of a name may be taken on the second.
  for (int attempt = 0; failure && address->port == 0 && attempt < 10; ++attempt) {
    listeners.clear();
    failure = bind_all(*endpoints, loops, listeners);
  }
  if (failure) {
    return fail(ErrorKind::io,
                "can't listen on port " + std::to_string(failure->endpoint.port()) + " of " +
                    failure->endpoint.address().to_string() + ": " + failure->error.message(),
                std::string(text));
  }
  return listeners;
}

}  // namespace wheelbarrow::http
