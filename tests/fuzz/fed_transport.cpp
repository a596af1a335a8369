#include "fuzz/fed_transport.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace wheelbarrow::fuzz {

namespace asio = boost::asio;

namespace {

// After the last byte the client stays so many turns of the loop, longer than any handler takes.
constexpr int patience = 64;

}  // namespace

Course Course::of(std::uint8_t choice) {
  constexpr auto pieces = std::to_array<std::size_t>({SIZE_MAX, 1, 7, 64});
  Course course;
  course.piece = pieces[choice % 4U];
  course.slow_handler = (choice & 4U) != 0;
  course.slow_writing = (choice & 8U) != 0;
  course.drain = (choice & 16U) != 0;
  if ((choice & 32U) != 0) course.takes = 1000;
  return course;
}

FedTransport::FedTransport(asio::io_context& context, http::Scratch& scratch, std::string_view input,
                           const Course& course)
    : Transport(http::Socket(context), scratch, 0),
      context_(context),
      left_(input),
      half_(input.size() / 2),
      course_(course) {}

asio::awaitable<std::string_view> FedTransport::read() {
  co_await pause(context_, left_.empty() ? patience : 1);
  const std::string_view piece = left_.substr(0, std::min(course_.piece, scratch().received.size()));
  left_.remove_prefix(piece.size());
  if (left_.size() <= half_ && halfway) std::exchange(halfway, nullptr)();
  // In memory that is only valid until the next read, as with a socket.
  std::ranges::copy(piece, scratch().received.begin());
  co_return std::string_view(scratch().received.data(), piece.size());
}

asio::awaitable<bool> FedTransport::write(std::span<const asio::const_buffer> buffers) {
  if (course_.slow_writing) co_await pause(context_, 3);
  for (const asio::const_buffer& buffer : buffers) {
    const std::string_view bytes(static_cast<const char*>(buffer.data()), buffer.size());
    output += bytes.substr(0, course_.takes - output.size());
  }
  co_return output.size() < course_.takes;
}

asio::awaitable<void> pause(asio::io_context& context, int turns) {
  for (; turns > 0; --turns) {
    co_await asio::post(context, asio::use_awaitable);
  }
}

}  // namespace wheelbarrow::fuzz
