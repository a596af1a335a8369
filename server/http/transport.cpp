#include "http/transport.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>
#include <utility>
#include <vector>

namespace wheelbarrow::http {

namespace asio = boost::asio;
using boost::system::error_code;

Transport::Transport(asio::ip::tcp::socket socket, Scratch& scratch)
    : socket_(std::move(socket)), scratch_(scratch) {
  error_code ignored;
  // Both fail only on a socket that is dead already, and then the first read says so.
  std::ignore = socket_.non_blocking(true, ignored);
  std::ignore = socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<std::string_view> Transport::receive() {
  // Waiting first, even if there are bytes already, gives the loop's other connections their turn.
  error_code error = asio::error::would_block;
  std::size_t received = 0;
  while (error == asio::error::would_block || error == asio::error::interrupted) {
    error.clear();
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::string_view{};
    received = socket_.read_some(asio::buffer(scratch_.received), error);
  }
  if (error) co_return std::string_view{};
  co_return std::string_view(scratch_.received.data(), received);
}

asio::awaitable<bool> Transport::send(std::span<const asio::const_buffer> buffers) {
  std::vector<asio::const_buffer> left(buffers.begin(), buffers.end());
  std::size_t first = 0;
  last_progress_ = Clock::now();
  while (first < left.size()) {
    error_code error;
    const std::span<const asio::const_buffer> rest(left.data() + first, left.size() - first);
    std::size_t sent =
        co_await socket_.async_write_some(rest, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return false;
    last_progress_ = Clock::now();
    sent_ += sent;
    while (first < left.size() && sent >= left[first].size()) {
      sent -= left[first].size();
      ++first;
    }
    if (sent > 0) left[first] += sent;
  }
  co_return true;
}

bool Transport::client_took_bytes() {
  int queued = 0;
  if (!socket_.is_open() || ::ioctl(socket_.native_handle(), SIOCOUTQ, &queued) != 0) return false;
  const std::uint64_t taken = sent_ - static_cast<std::uint64_t>(queued);
  if (taken <= std::exchange(taken_, taken)) return false;
  last_progress_ = Clock::now();
  return true;
}

asio::awaitable<void> Transport::end_writing() {
  error_code ignored;
  std::ignore = socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  co_return;
}

void Transport::close() {
  error_code ignored;
  std::ignore = socket_.close(ignored);
}

}  // namespace wheelbarrow::http
