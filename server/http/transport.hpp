// The bytes under a session: a stream socket, with or without TLS. Private to this room.
//
// Sessions see whole reads and whole writes; buffers, records and partial writes stay here. One reader and
// one writer may wait at the same time, all on the connection's loop.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/slice.hpp"

namespace wheelbarrow::http {

// TCP or a Unix domain socket.
using Socket = boost::asio::generic::stream_protocol::socket;

// Memory that all connections of a loop work in, one at a time: an idle connection holds no buffer.
struct Scratch {
  static constexpr std::size_t record_size = 16 * 1024;  // plaintext of a TLS record (RFC 8446 5.1)

  std::array<char, 64 * 1024> received;
  // A read's bytes decrypted, and before them a record that earlier reads had begun.
  std::array<char, 64 * 1024 + record_size + 1024> decrypted;
  std::array<char, record_size> record;
  // What a write has made, until the socket has taken it.
  std::unique_ptr<char[]> encrypted;
  std::size_t encrypted_capacity = 0;

  // Room for so many encrypted bytes; what was there is gone.
  char* make_room(std::size_t size) {
    if (size > encrypted_capacity) {
      encrypted = std::make_unique_for_overwrite<char[]>(size);
      encrypted_capacity = size;
    }
    return encrypted.get();
  }
};

class Transport {
 public:
  using Clock = std::chrono::steady_clock;

  // `max_unsent` is how many bytes the kernel takes before it can send them. What is asked for later can't
  // overtake them; fewer of them mean more system calls.
  Transport(Socket socket, Scratch& scratch, int max_unsent);
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // What arrived next, in the loop's scratch memory: valid until the caller waits for anything. Empty when
  // the client is done or gone, and after close().
  virtual boost::asio::awaitable<std::string_view> read() = 0;

  // Writes everything; false when the client is gone or after close().
  virtual boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers) = 0;

  // Whether the kernel may send a file's bytes as they are (see send_file()).
  virtual bool sends_files() const { return false; }
  // Writes a piece of a mapped file without touching its bytes; the kernel may take all of it. False as
  // write().
  // REQUIRES: sends_files(), file_of(slice).
  boost::asio::awaitable<bool> send_file(const Slice& slice);

  // Tells the client that nothing more comes; reading goes on.
  virtual boost::asio::awaitable<void> end_writing();

  // For what comes before this transport's first byte. REQUIRES: nothing was read.
  Socket& socket() { return socket_; }

  virtual bool is_secure() const { return false; }
  // When the socket last took bytes.
  Clock::time_point last_progress() const { return last_progress_; }
  // Whether the client has taken bytes since this was last asked; then last_progress() is now. A socket's
  // buffer may hold megabytes, so for a slow client minutes can pass between two times that the socket takes
  // more.
  bool client_took_bytes();
  // How much is best given to write() at a time: much for a client that takes all of it at once, so that the
  // cost of system calls disappears; little for one that makes it wait, so that a slow client holds little
  // memory and what is more urgent doesn't queue behind.
  std::size_t batch_size() const { return batch_size_; }
  // Ends all waits. Safe to call more than once.
  void close();

 protected:
  // Reads once into the scratch memory; empty at the end.
  boost::asio::awaitable<std::string_view> receive();
  boost::asio::awaitable<bool> send(std::span<const boost::asio::const_buffer> buffers);
  // What the socket takes without waiting, of `bytes`; nothing if it failed.
  std::optional<std::size_t> send_now(std::string_view bytes);
  // Gives the loop's other work its turn, after so many bytes.
  boost::asio::awaitable<void> give_way();
  bool is_open() const { return socket_.is_open(); }
  Scratch& scratch() { return scratch_; }

 private:
  static constexpr std::size_t smallest_batch = 32 * 1024;
  // All of it may have to be kept for a client that stops reading.
  static constexpr std::size_t largest_batch = 128 * 1024;

  void sent(std::size_t size, std::size_t wanted);
  boost::asio::awaitable<bool> wait_writable();

  Socket socket_;
  Scratch& scratch_;
  int max_unsent_;
  Clock::time_point last_progress_ = Clock::now();
  std::uint64_t sent_ = 0;     // bytes given to the socket
  std::uint64_t taken_ = 0;    // of them acknowledged by the client when last looked at
  std::uint64_t yielded_ = 0;  // sent_ when the loop's other connections last had their turn
  std::size_t batch_size_ = 64 * 1024;
};

class PlainTransport final : public Transport {
 public:
  // Copying is all that sending costs here, so system calls count.
  PlainTransport(Socket socket, Scratch& scratch) : Transport(std::move(socket), scratch, 1024 * 1024) {}
  boost::asio::awaitable<std::string_view> read() override { return receive(); }
  boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers) override {
    return send(buffers);
  }
  bool sends_files() const override { return true; }
};

}  // namespace wheelbarrow::http
