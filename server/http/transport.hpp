// The bytes under a session: a TCP socket, with or without TLS. Private to this room.
//
// Sessions see whole reads and whole writes; buffers, records and partial writes stay here. One reader and
// one writer may wait at the same time, all on the connection's loop.
#pragma once

#include <openssl/types.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace wheelbarrow::http {

// Memory that all connections of a loop read into, one at a time: an idle connection holds no buffer.
struct Scratch {
  static constexpr std::size_t record_size = 16 * 1024;  // plaintext of a TLS record (RFC 8446 5.1)

  std::array<char, 64 * 1024> received;
  // A read's bytes decrypted, and before them a record that earlier reads had begun.
  std::array<char, 64 * 1024 + record_size + 1024> decrypted;
  std::array<char, record_size> record;
};

class Transport {
 public:
  using Clock = std::chrono::steady_clock;

  Transport(boost::asio::ip::tcp::socket socket, Scratch& scratch);
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // What arrived next, in the loop's scratch memory: valid until the caller waits for anything. Empty when
  // the client is done or gone, and after close().
  virtual boost::asio::awaitable<std::string_view> read() = 0;

  // Writes everything; false when the client is gone or after close().
  virtual boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers) = 0;

  // Tells the client that nothing more comes; reading goes on.
  virtual boost::asio::awaitable<void> end_writing();

  virtual bool is_secure() const { return false; }
  // When the socket last took bytes.
  Clock::time_point last_progress() const { return last_progress_; }
  // Whether the client has taken bytes since this was last asked; then last_progress() is now. A socket's
  // buffer may hold megabytes, so for a slow client minutes can pass between two times that the socket takes
  // more.
  bool client_took_bytes();
  // Ends all waits. Safe to call more than once.
  void close();

 protected:
  // Reads once into the scratch memory; empty at the end.
  boost::asio::awaitable<std::string_view> receive();
  boost::asio::awaitable<bool> send(std::span<const boost::asio::const_buffer> buffers);
  Scratch& scratch() { return scratch_; }

 private:
  boost::asio::ip::tcp::socket socket_;
  Scratch& scratch_;
  Clock::time_point last_progress_ = Clock::now();
  std::uint64_t sent_ = 0;   // bytes given to the socket
  std::uint64_t taken_ = 0;  // of them acknowledged by the client when last looked at
};

class PlainTransport final : public Transport {
 public:
  using Transport::Transport;
  boost::asio::awaitable<std::string_view> read() override { return receive(); }
  boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers) override {
    return send(buffers);
  }
};

}  // namespace wheelbarrow::http
