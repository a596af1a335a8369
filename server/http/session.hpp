// One connection's protocol, once it is known which. Private to this room.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "base/slice.hpp"
#include "http/server.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

class Http2Streams;

// What of a body is looked for in memory, and read from disk if need be, at a time.
inline constexpr std::size_t read_ahead_size = std::size_t{1024} * 1024;

// What a session works with. The references live longer than any connection.
struct SessionContext {
  const Handler& handler;
  const Limits& limits;
  boost::asio::any_io_executor executor;
  std::shared_ptr<Transport> transport;
  std::string peer;
  Http2Streams& streams;              // the loop's
  boost::asio::thread_pool& readers;  // wait for the disk, so that the loop needn't

  std::string_view scheme() const { return transport->is_secure() ? "https" : "http"; }
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
