// The HTTP server: listeners, TLS, HTTP/2 and HTTP/1.1 sessions, one event loop per thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/message.hpp"

namespace wheelbarrow::http {

// Answers one request. Runs on the connection's event loop: it must not block, and waits only by co_await.
// The coroutine is destroyed when the client goes away. What it throws becomes a 500 and a log line.
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

struct Limits {
  std::size_t max_target = 32 * 1024;       // bytes of the request target; more is 414
  std::size_t max_header_list = 64 * 1024;  // bytes of all fields (RFC 9113 10.5.1's measure); more is 431
  std::size_t max_body = 64 * 1024;  // bytes of a request body; more is 413. Bodies are read and dropped
  std::uint32_t max_concurrent_streams = 128;
  std::size_t max_connections = 10'000;  // in all; more are closed at once
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds header_timeout{20};  // for a request's header section to arrive
  std::chrono::seconds idle_timeout{120};   // between requests, nothing running
  std::chrono::seconds write_timeout{60};   // without any progress while there is something to send
};

struct ServerOptions {
  // "127.0.0.1:8443", "[::1]:0", ":8443" (all addresses), "localhost:8443". Port 0 picks a free one.
  std::vector<std::string> tls_listeners;    // ALPN h2 and http/1.1
  std::vector<std::string> plain_listeners;  // HTTP/2 with prior knowledge and HTTP/1.1 on one port
  std::filesystem::path certificate;         // PEM chain; needed with tls_listeners
  std::filesystem::path private_key;         // PEM
  unsigned threads = 1;  // event loops, each with its own listening sockets (SO_REUSEPORT)
  Limits limits;
};

class Server {
 public:
  // Binds all listeners, loads the certificate, starts the threads. Everything that can be wrong with the
  // options is an error here: an address in use (named), a bad certificate, an unreadable key.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);

  // Stops (see stop()) and joins the threads. What a handler waits for must be able to be cancelled, or be
  // over by then: nothing may resume a handler once the server is gone.
  ~Server();

  // Where it really listens, ports filled in, in the order of the options.
  const std::vector<boost::asio::ip::tcp::endpoint>& tls_endpoints() const;
  const std::vector<boost::asio::ip::tcp::endpoint>& plain_endpoints() const;

  // Stops accepting, tells HTTP/2 clients (GOAWAY) and lets running requests finish for at most `grace`, then
  // closes everything. Returns when all threads have ended. Safe to call more than once.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Makes a self-signed P-256 certificate for localhost, 127.0.0.1 and ::1, valid for a year, and writes both
// PEM files (the key with mode 0600). Existing files are left alone if both are there.
Result<void> make_self_signed_certificate(const std::filesystem::path& certificate,
                                          const std::filesystem::path& private_key);

}  // namespace wheelbarrow::http
