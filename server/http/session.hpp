// One connection's protocol, once it is known which. Private to this room.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/slice.hpp"
#include "http/peer.hpp"
#include "http/server.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

class Http2Streams;

// What of a body is looked for in memory, and read from disk if need be, at a time.
inline constexpr std::size_t read_ahead_size = std::size_t{1024} * 1024;

// What a session works with. What it refers to lives longer than any connection.
struct SessionContext {
  const Handler& handler;
  const Limits& limits;
  boost::asio::any_io_executor executor;
  std::shared_ptr<Transport> transport;
  Peer peer;
  const Front& front;
  Http2Streams& streams;              // the loop's
  boost::asio::thread_pool& readers;  // wait for the disk, so that the loop needn't
  unsigned loop = 0;
  const Observer* observer = nullptr;  // null if nobody looks
  const Receiver* receiver = nullptr;  // null if nobody wants bodies
  std::atomic<std::uint64_t>* failed_handshakes = nullptr;
  std::shared_ptr<const Limits> kept_limits = nullptr;  // whose `limits` are, if they may change

  std::string_view scheme() const { return transport->is_secure() || peer.secure ? "https" : "http"; }
};

class Session {
 public:
  virtual ~Session() = default;
  // Serves the connection until it ends. `received` is what has been read from it already.
  virtual boost::asio::awaitable<void> run(std::string received) = 0;
  // Lets running requests finish, takes no new ones, then ends.
  virtual void drain() = 0;
  // Ends now; handlers are cancelled.
  virtual void close() = 0;
};

}  // namespace wheelbarrow::http
