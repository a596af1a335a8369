// The HTTP server: listeners, TLS, HTTP/2 and HTTP/1.1 sessions, one event loop per thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "http/message.hpp"
#include "http/network.hpp"

namespace wheelbarrow::http {

// What a handler gives: a response that is there already, or a coroutine that makes one.
using Answer = std::variant<ReadyResponse, boost::asio::awaitable<Response>>;

// Answers one request. Runs on the connection's event loop: neither the call nor the coroutine may block, and
// only the coroutine waits, by co_await. The request stays where it is until the coroutine has ended; the
// coroutine is destroyed when the client goes away. What either throws becomes a 500 and a log line.
using Handler = std::function<Answer(const Request&)>;

// Says where the body of a request goes whose method isn't GET, HEAD or OPTIONS, once its head has come: into
// a file, which the handler finds as Request::body; null: it is read and dropped, up to Limits::max_body; or
// what refuses the request before its body is sent. Runs on the event loop, must not block, doesn't throw.
using Receiver = std::function<std::expected<std::shared_ptr<BodyFile>, Response>(const Request&)>;

// A request that is over, for logs and counts.
struct Exchange {
  using Duration = std::chrono::steady_clock::duration;
  const Request& request;
  // Null if the client left, or was cut off, before there was one.
  const Response* response = nullptr;
  std::uint64_t sent = 0;   // bytes of the response's body, as coded, that the connection has taken
  Duration until_answer{};  // from the request's arrival until its response was there
  Duration duration{};      // from its arrival until the end
  unsigned loop = 0;        // which event loop, from 0
};

// Told of each request's end, those that the server refused itself included. Runs on the event loop and must
// be short; for one loop, calls don't overlap.
using Observer = std::function<void(const Exchange&)>;

// Counts since the start, but for `open` and `limit`.
struct ConnectionStatistics {
  std::uint64_t open = 0;               // connections now
  std::uint64_t accepted = 0;           // connections taken, those that came to nothing included
  std::uint64_t refused = 0;            // because of a limit
  std::uint64_t failed_handshakes = 0;  // of TLS
  std::uint64_t limit = 0;              // of `open`
};

// What one client, or all of them together, may cost. Where nothing else is said, a connection that goes over
// a limit is closed with a log line, and the others don't notice.
struct Limits {
  std::size_t max_target = 32 * 1024;       // bytes of the request target; more is 414
  std::size_t max_header_list = 64 * 1024;  // bytes of all fields (RFC 9113 10.5.1's measure); more is 431
  std::size_t max_body = 64 * 1024;         // bytes of a request body that nobody wants; more is 413
  // Requests at a time on one HTTP/2 connection. More are refused, or end the connection (PROTOCOL_ERROR)
  // once the client has acknowledged the limit (RFC 9113 5.1.2).
  std::uint32_t max_concurrent_streams = 128;
  // Bytes of the requests that a connection holds at a time; a request beyond them is reset
  // (ENHANCE_YOUR_CALM).
  std::size_t max_connection_memory = 1024 * 1024;
  std::size_t max_connections = 10'000;             // in all; more are closed at once
  std::size_t max_connections_per_address = 1'000;  // of one IPv4 address or IPv6 /64; likewise
  // HTTP/2 frames that cost more than they carry. Each is a burst, which refills in a minute; more end the
  // connection with ENHANCE_YOUR_CALM.
  std::uint32_t max_resets = 1'000;  // streams reset by the client, or because of what it sent
  // SETTINGS, PING, PRIORITY_UPDATE, PRIORITY, empty DATA, unknown frames, and WINDOW_UPDATE beyond one for
  // each KiB of DATA sent.
  std::uint32_t max_control_frames = 5'000;
  std::uint32_t max_continuations = 8;  // CONTINUATION frames of one header section
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds header_timeout{20};  // for a request to arrive; for more of a body that is received
  std::chrono::seconds idle_timeout{120};   // between requests, nothing running
  // Without any progress while there is something to send. An HTTP/2 stream that waits for its client to open
  // a flow-control window is reset alone.
  std::chrono::seconds write_timeout{60};
};

// What stands between the clients and this server.
struct Front {
  // Who may say for whom it asks, in header fields or by the PROXY protocol. Such addresses don't count as
  // one client.
  Networks trusted;
  // Which fields of a request they write. The other ones are ignored, since a client may have sent them.
  enum class Writes { x_forwarded, forwarded };  // X-Forwarded-{For,Proto,Host,Port,Prefix}; RFC 7239
  Writes writes = Writes::x_forwarded;
  // "/py": where this server begins in public addresses, if the proxy leaves that in the path. Paths that
  // don't begin with it are taken as they are.
  std::string strip_prefix;
};

struct ServerOptions {
  // "127.0.0.1:8443", "[::1]:0", ":8443" (all addresses), "localhost:8443", "unix:/run/wheelbarrow.sock";
  // "fd:3" is a listening socket that this process was started with. Port 0 picks a free one. A socket file
  // that nobody listens on any more is replaced. With "+proxy" at the end, every connection begins with a
  // PROXY protocol header (version 1 or 2), from addresses that Front::trusted has; others are closed.
  std::vector<std::string> tls_listeners;    // ALPN h2 and http/1.1
  std::vector<std::string> plain_listeners;  // HTTP/2 with prior knowledge and HTTP/1.1 on one port
  std::filesystem::path certificate;         // PEM chain; needed with tls_listeners
  std::filesystem::path private_key;         // PEM
  unsigned threads = 1;  // event loops, each with its own listening sockets (SO_REUSEPORT)
  Observer observer;     // may be empty
  Receiver receiver;     // may be empty: no body is wanted
  Limits limits;
  Front front;
};

// Whether a listening address is well-formed; whether it can be had is found out by Server::start().
Result<void> check_listener(std::string_view text);

class Server {
 public:
  // Binds all listeners, loads the certificate, starts the threads. Everything that can be wrong with the
  // options is an error here: an address in use (named), a bad certificate, an unreadable key.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);

  // Stops (see stop()) and joins the threads. What a handler waits for must be able to be cancelled, or be
  // over by then: nothing may resume a handler once the server is gone.
  ~Server();

  // Where it really listens on TCP, ports filled in, in the order of the options.
  const std::vector<boost::asio::ip::tcp::endpoint>& tls_endpoints() const;
  const std::vector<boost::asio::ip::tcp::endpoint>& plain_endpoints() const;

  // The Unix domain sockets; the files are gone when it has stopped.
  const std::vector<std::filesystem::path>& socket_files() const;

  // From any thread.
  ConnectionStatistics statistics() const;

  // For connections that come from then on; those that are open keep theirs. From any thread.
  void set_limits(const Limits& limits);

  // Reads the certificate and its key again; new connections get them, open ones go on as they are. On an
  // error the old ones stay in use. From any thread. Files that change are read again without being asked,
  // within some seconds.
  Result<void> reload_certificate();

  // The same with other files, which are the ones to be watched from then on.
  Result<void> use_certificate(const std::filesystem::path& certificate,
                               const std::filesystem::path& private_key);
  // Whether each event loop came round within that time, or has ended after stop(). From any thread; blocks.
  bool responds(std::chrono::milliseconds within) const;

  // Stops accepting, tells HTTP/2 clients (GOAWAY in two steps, RFC 9113 6.8) and lets running requests
  // finish for at most `grace`, then closes everything. Returns when all threads have ended. Safe to call
  // more than once.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What Server::start() would find wrong with the two files.
Result<void> check_certificate(const std::filesystem::path& certificate,
                               const std::filesystem::path& private_key);

// Makes a self-signed P-256 certificate for localhost, 127.0.0.1 and ::1, valid for a year, and writes both
// PEM files (the key with mode 0600). Existing files are left alone if both are there.
Result<void> make_self_signed_certificate(const std::filesystem::path& certificate,
                                          const std::filesystem::path& private_key);

}  // namespace wheelbarrow::http
