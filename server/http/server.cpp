#include "http/server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "http/listener.hpp"
#include "http/loop.hpp"
#include "http/tls.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

// How long connections may take to end after they were cut. Longer means that a handler ignores its
// cancellation.
constexpr std::chrono::seconds cut_time{5};

}  // namespace

struct Server::State {
  ServerOptions options;
  SharedState shared;
  TlsContext tls;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<asio::ip::tcp::endpoint> tls_endpoints;
  std::vector<asio::ip::tcp::endpoint> plain_endpoints;
  std::mutex stopping;
  bool stopped = false;

  Result<void> listen(const std::vector<std::string>& addresses, bool secure);
  bool wait_until(Clock::time_point time) const {
    return std::ranges::all_of(loops, [time](const auto& loop) { return loop->wait_until(time); });
  }
};

Result<void> Server::State::listen(const std::vector<std::string>& addresses, bool secure) {
  std::vector<asio::io_context*> contexts;
  contexts.reserve(loops.size());
  for (const auto& loop : loops) {
    contexts.push_back(&loop->context());
  }
  for (const std::string& address : addresses) {
    Result<std::vector<Listener>> listeners = bind_listener(address, contexts);
    if (!listeners) return std::unexpected(listeners.error());
    for (Listener& listener : *listeners) {
      (secure ? tls_endpoints : plain_endpoints).push_back(listener.endpoint);
      for (std::size_t i = 0; i < loops.size(); ++i) {
        loops[i]->add(std::move(listener.acceptors[i]), secure);
      }
    }
  }
  return {};
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  if (options.tls_listeners.empty() && options.plain_listeners.empty()) {
    return fail(ErrorKind::invalid_input, "no listening address is given");
  }
  if (options.threads == 0) return fail(ErrorKind::invalid_input, "at least one thread is needed");
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  const ServerOptions& kept = state->options;
  state->shared.handler = std::move(handler);
  state->shared.limits = kept.limits;
  if (!kept.tls_listeners.empty()) {
    Result<TlsContext> tls = make_tls_context(kept.certificate, kept.private_key);
    if (!tls) return std::unexpected(tls.error());
    state->tls = std::move(*tls);
    state->shared.tls = state->tls.get();
  }
  for (unsigned i = 0; i < kept.threads; ++i) {
    state->loops.push_back(std::make_unique<Loop>(state->shared));
  }
  if (const auto bound = state->listen(kept.tls_listeners, true); !bound)
    return std::unexpected(bound.error());
  if (const auto bound = state->listen(kept.plain_listeners, false); !bound)
    return std::unexpected(bound.error());
  for (const auto& loop : state->loops) {
    loop->start();
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  stop();
}

const std::vector<asio::ip::tcp::endpoint>& Server::tls_endpoints() const {
  return state_->tls_endpoints;
}

const std::vector<asio::ip::tcp::endpoint>& Server::plain_endpoints() const {
  return state_->plain_endpoints;
}

void Server::stop(std::chrono::milliseconds grace) {
  const std::lock_guard lock(state_->stopping);
  if (std::exchange(state_->stopped, true)) return;
  for (const auto& loop : state_->loops) {
    loop->drain();
  }
  if (state_->wait_until(Clock::now() + grace)) return;
  for (const auto& loop : state_->loops) {
    loop->cut();
  }
  if (state_->wait_until(Clock::now() + cut_time)) return;
  spdlog::error("server stopped with requests running  reason=a handler ignores its cancellation");
  for (const auto& loop : state_->loops) {
    loop->abandon();
    loop->wait();
  }
}

}  // namespace wheelbarrow::http
