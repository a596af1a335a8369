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

namespace {

// Lists a connection as long as it is served.
class Registration {
 public:
  Registration(std::unordered_set<Connection*>& listed, Connection* connection)
      : listed_(listed), connection_(connection) {
    listed_.insert(connection_);
  }
  ~Registration() { listed_.erase(connection_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  std::unordered_set<Connection*>& listed_;
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

Loop::Loop(SharedState& shared, unsigned index)
    : shared_(shared),
      index_(index),
      context_(1),
      work_(asio::make_work_guard(context_)),
      end_(ended_.get_future()) {}

Loop::~Loop() {
  if (!thread_.joinable()) return;
  context_.stop();
  thread_.join();
}

void Loop::add(Acceptor acceptor, Kind kind) {
  acceptors_.push_back(std::move(acceptor));
  Acceptor& added = acceptors_.back();
  asio::co_spawn(context_, [this, &added, kind] { return accept(added, kind); }, log_failure);
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

asio::awaitable<void> Loop::accept(Acceptor& acceptor, Kind kind) {
  asio::steady_timer pause(context_);
  while (acceptor.is_open()) {
    boost::system::error_code error;
    Socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      serve(std::move(socket), kind);
    } else if (error != asio::error::operation_aborted && error != asio::error::connection_aborted) {
      // Out of file descriptors, most likely: trying again at once would only spin.
      spdlog::error("accept failed  reason={}", error.message());
      pause.expires_after(std::chrono::milliseconds(100));
      boost::system::error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }
}

void Loop::serve(Socket socket, Kind kind) {
  if (draining_) return;
  ++shared_.accepted;
  Peer peer = peer_of(socket);
  const bool trusted = is_trusted(peer, shared_.front.trusted);
  if (kind.proxied && !trusted) return refuse("a PROXY listener takes trusted addresses only", peer);
  // A trusted proxy is many clients; which ones, the PROXY protocol may say.
  const std::string network = trusted ? "" : peer.network;
  std::shared_ptr<const Limits> limits = shared_.limits.load();
  if (const char* limit = shared_.connections.enter(network, *limits)) return refuse(limit, peer);
  const auto tls = kind.secure ? shared_.tls.load() : nullptr;
  SessionContext context{shared_.handler,
                         *limits,
                         context_.get_executor(),
                         nullptr,
                         std::move(peer),
                         shared_.front,
                         streams_,
                         shared_.readers,
                         index_,
                         shared_.observer ? &shared_.observer : nullptr,
                         shared_.receiver ? &shared_.receiver : nullptr,
                         &shared_.failed_handshakes,
                         std::move(limits)};
  auto connection = std::make_unique<Connection>(std::move(socket), scratch_, tls.get(), std::move(context),
                                                 ConnectionPlace(shared_.connections, network), kind.proxied);
  auto registration = std::make_unique<Registration>(connections_, connection.get());
  // The spawned function's captures live until its coroutine ends.
  asio::co_spawn(
      context_,
      [connection = std::move(connection), registration = std::move(registration)] {
        return connection->run();
      },
      log_failure);
}

void Loop::refuse(const char* limit, const Peer& peer) {
  ++shared_.refused;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_complaint_ < std::chrono::minutes(1)) return;
  last_complaint_ = now;
  spdlog::warn("connections refused  reason={} peer={}", limit, peer.name);
}

void Loop::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    for (Acceptor& acceptor : acceptors_) {
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
