#include "http/loop.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <tuple>
#include <utility>
#include <vector>

namespace wheelbarrow::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Counts a connection and lists it, as long as it is served.
class Registration {
 public:
  Registration(std::unordered_set<Connection*>& listed, std::atomic<std::size_t>& count,
               Connection* connection)
      : listed_(listed), count_(count), connection_(connection) {
    listed_.insert(connection_);
  }
  ~Registration() {
    listed_.erase(connection_);
    --count_;
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  std::unordered_set<Connection*>& listed_;
  std::atomic<std::size_t>& count_;
  Connection* connection_;
};

// Only memory running out gets here; the connection that it hit is gone, the others go on.
void log_failure(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    spdlog::error("connection failed  reason={}", error.what());
  }
}

}  // namespace

Loop::Loop(SharedState& shared)
    : shared_(shared), context_(1), work_(asio::make_work_guard(context_)), end_(ended_.get_future()) {}

Loop::~Loop() {
  if (!thread_.joinable()) return;
  context_.stop();
  thread_.join();
}

void Loop::add(tcp::acceptor acceptor, bool secure) {
  acceptors_.push_back(std::move(acceptor));
  tcp::acceptor& added = acceptors_.back();
  asio::co_spawn(context_, [this, &added, secure] { return accept(added, secure); }, log_failure);
}

void Loop::start() {
  thread_ = std::thread([this] { run(); });
}

void Loop::run() {
  while (true) {
    try {
      context_.run();
      break;
    } catch (const std::exception&) {
      log_failure(std::current_exception());
    }
  }
  ended_.set_value();
}

asio::awaitable<void> Loop::accept(tcp::acceptor& acceptor, bool secure) {
  asio::steady_timer pause(context_);
  while (acceptor.is_open()) {
    boost::system::error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      serve(std::move(socket), secure);
    } else if (error != asio::error::operation_aborted && error != asio::error::connection_aborted) {
      // Out of file descriptors, most likely: trying again at once would only spin.
      spdlog::error("accept failed  reason={}", error.message());
      pause.expires_after(std::chrono::milliseconds(100));
      boost::system::error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }
}

void Loop::serve(tcp::socket socket, bool secure) {
  if (draining_) return;
  if (++shared_.connections > shared_.limits.max_connections) {
    --shared_.connections;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_complaint_ > std::chrono::minutes(1)) {
      last_complaint_ = now;
      spdlog::warn("connection refused  reason=max_connections limit={}", shared_.limits.max_connections);
    }
    return;
  }
  auto connection = std::make_unique<Connection>(std::move(socket), scratch_, secure ? shared_.tls : nullptr,
                                                 shared_.handler, shared_.limits);
  auto registration = std::make_unique<Registration>(connections_, shared_.connections, connection.get());
  // The spawned function's captures live until its coroutine ends.
  asio::co_spawn(
      context_,
      [connection = std::move(connection), registration = std::move(registration)] {
        return connection->run();
      },
      log_failure);
}

void Loop::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    for (tcp::acceptor& acceptor : acceptors_) {
      boost::system::error_code ignored;
      std::ignore = acceptor.close(ignored);
    }
    for (Connection* connection : std::vector(connections_.begin(), connections_.end())) {
      connection->drain();
    }
    work_.reset();
  });
}

void Loop::cut() {
  asio::post(context_, [this] {
    for (Connection* connection : std::vector(connections_.begin(), connections_.end())) {
      connection->close();
    }
  });
}

bool Loop::wait_until(std::chrono::steady_clock::time_point time) {
  return end_.wait_until(time) == std::future_status::ready;
}

}  // namespace wheelbarrow::http
