// A client without a socket: what it says is known before, and what it hears is kept.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "http/transport.hpp"

namespace wheelbarrow::fuzz {

// How the bytes come and go. None of it waits for a clock.
struct Course {
  std::size_t piece = SIZE_MAX;  // bytes of a read
  bool slow_handler = false;     // a coroutine that waits for other work
  bool slow_writing = false;     // each write waits as well
  bool drain = false;            // the server stops after half of the input
  std::size_t takes = SIZE_MAX;  // bytes that the client takes before it is gone

  // One byte of the input.
  static Course of(std::uint8_t choice);
};

class FedTransport final : public http::Transport {
 public:
  // REQUIRES: `input` lives as long as this.
  FedTransport(boost::asio::io_context& context, http::Scratch& scratch, std::string_view input,
               const Course& course);

  boost::asio::awaitable<std::string_view> read() override;
  boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers) override;

  // Called once when half of the input has been read.
  std::function<void()> halfway;
  std::string output;

 private:
  boost::asio::io_context& context_;
  std::string_view left_;
  std::size_t half_;
  Course course_;
};

// Lets everything run that is ready, and what that makes ready.
boost::asio::awaitable<void> pause(boost::asio::io_context& context, int turns);

}  // namespace wheelbarrow::fuzz
