#include "http/transport.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "base/file_descriptor.hpp"
#include "base/mapped_file.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// A client that takes everything at once would otherwise keep the loop for as long as its response is.
constexpr std::uint64_t turn = std::uint64_t{1024} * 1024;

bool is_temporary(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::interrupted;
}

void limit_unsent(Socket& socket, int bytes) {
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

}  // namespace

Transport::Transport(Socket socket, Scratch& scratch, int max_unsent)
    : socket_(std::move(socket)), scratch_(scratch), max_unsent_(max_unsent) {
  error_code ignored;
  // These fail only on a socket that is dead already, and then the first read says so; a Unix domain socket
  // has no use for the others.
  std::ignore = socket_.non_blocking(true, ignored);
  const int on = 1;
  std::ignore = ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  limit_unsent(socket_, max_unsent);
}

asio::awaitable<std::string_view> Transport::receive() {
  // Waiting first, even if there are bytes already, gives the loop's other connections their turn.
  error_code error = asio::error::would_block;
  std::size_t received = 0;
  while (is_temporary(error)) {
    error.clear();
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::string_view{};
    received = socket_.read_some(asio::buffer(scratch_.received), error);
  }
  if (error) co_return std::string_view{};
  co_return std::string_view(scratch_.received.data(), received);
}

void Transport::sent(std::size_t size, std::size_t wanted) {
  if (size > 0) {
    last_progress_ = Clock::now();
    sent_ += size;
  }
  if (size < wanted) {
    batch_size_ = std::max(smallest_batch, batch_size_ / 2);
  } else if (wanted >= batch_size_) {
    batch_size_ = std::min(largest_batch, batch_size_ * 2);
  }
}

std::optional<std::size_t> Transport::send_now(std::string_view bytes) {
  error_code error;
  const std::size_t size = socket_.write_some(asio::buffer(bytes), error);
  if (error && !is_temporary(error)) return std::nullopt;
  sent(size, bytes.size());
  return size;
}

asio::awaitable<bool> Transport::wait_writable() {
  error_code error;
  co_await socket_.async_wait(asio::socket_base::wait_write,
                              asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<bool> Transport::send(std::span<const asio::const_buffer> buffers) {
  std::vector<asio::const_buffer> left(buffers.begin(), buffers.end());
  std::size_t first = 0;
  last_progress_ = Clock::now();
  while (first < left.size()) {
    const std::span<const asio::const_buffer> rest(left.data() + first, left.size() - first);
    error_code error;
    std::size_t size = socket_.write_some(rest, error);
    if (error && !is_temporary(error)) co_return false;
    sent(size, asio::buffer_size(rest));
    while (first < left.size() && size >= left[first].size()) {
      size -= left[first].size();
      ++first;
    }
    if (size > 0) left[first] += size;
    if (first < left.size()) {
      const bool writable = co_await wait_writable();
      if (!writable) co_return false;
    }
  }
  co_await give_way();
  co_return is_open();
}

asio::awaitable<void> Transport::give_way() {
  if (sent_ - yielded_ < turn) co_return;
  yielded_ = sent_;
  co_await asio::post(socket_.get_executor(), asio::use_awaitable);
}

asio::awaitable<bool> Transport::send_file(const Slice& slice) {
  const std::optional<FilePlace> place = file_of(slice);
  const FileDescriptor file(::open(place->path->c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    // The file has left the store since it was mapped; its bytes are still there.
    const asio::const_buffer buffer(slice.bytes.data(), slice.size());
    co_return co_await send({&buffer, 1});
  }
  // What the kernel holds of a file are the file's own pages, and nothing overtakes it in HTTP/1.1.
  limit_unsent(socket_, std::numeric_limits<int>::max());
  auto offset = static_cast<off_t>(place->offset);
  std::size_t left = slice.size();
  last_progress_ = Clock::now();
  while (left > 0) {
    const std::size_t wanted = std::min<std::size_t>(left, turn);
    const ssize_t size = ::sendfile(socket_.native_handle(), file.get(), &offset, wanted);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) co_return false;
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(size, 0));
    sent(taken, wanted);
    left -= taken;
    if (taken < wanted) {
      const bool writable = co_await wait_writable();
      if (!writable) co_return false;
    }
    co_await give_way();
  }
  limit_unsent(socket_, max_unsent_);
  co_return is_open();
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
