#include "http/server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include "base/file_stamp.hpp"
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

// How often the certificate's files are looked at.
constexpr std::chrono::seconds certificate_interval{2};

// Differs whenever one of the files may have changed.
using Stamps = std::array<std::optional<FileStamp>, 2>;

struct CertificateFiles {
  std::filesystem::path certificate;
  std::filesystem::path private_key;
};

Stamps stamps_of(const CertificateFiles& files) {
  return {stamp_of(files.certificate), stamp_of(files.private_key)};
}

}  // namespace

struct Server::State {
  ServerOptions options;
  SharedState shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<asio::ip::tcp::endpoint> tls_endpoints;
  std::vector<asio::ip::tcp::endpoint> plain_endpoints;
  std::mutex stopping;
  bool stopped = false;
  std::vector<std::filesystem::path> socket_files;

  std::mutex loading;      // guards the next two
  CertificateFiles files;  // in use
  Stamps loaded;           // of the files as they were last read
  std::jthread watcher;

  CertificateFiles files_in_use();
  Result<void> load_certificate(const CertificateFiles& wanted);
  bool certificate_changed();
  void watch_certificate(const std::stop_token& stop);
  void wait_for_loops(Clock::time_point patience);
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
    if (listeners->front().proxied && options.front.trusted.empty()) {
      return fail(ErrorKind::invalid_input,
                  "the PROXY protocol is for addresses that are trusted, and none is; name the proxy's",
                  address);
    }
    for (Listener& listener : *listeners) {
      const bool has_endpoint = listener.endpoint.port() != 0;
      if (has_endpoint) {
        (secure ? tls_endpoints : plain_endpoints).push_back(listener.endpoint);
      } else if (!listener.path.empty()) {
        socket_files.push_back(listener.path);
      }
      for (std::size_t i = 0; i < loops.size(); ++i) {
        loops[i]->add(std::move(listener.acceptors[i]), {.secure = secure, .proxied = listener.proxied});
      }
    }
  }
  return {};
}

CertificateFiles Server::State::files_in_use() {
  const std::lock_guard lock(loading);
  return files;
}

Result<void> Server::State::load_certificate(const CertificateFiles& wanted) {
  const std::lock_guard lock(loading);
  const Stamps stamps = stamps_of(wanted);
  // Also of files that can't be used: they are looked at again when they change again.
  if (wanted.certificate == files.certificate && wanted.private_key == files.private_key) loaded = stamps;
  Result<TlsContext> tls = make_tls_context(wanted.certificate, wanted.private_key);
  if (!tls) return std::unexpected(tls.error());
  files = wanted;
  loaded = stamps;
  shared.tls = std::shared_ptr<SSL_CTX>(std::move(*tls));
  return {};
}

bool Server::State::certificate_changed() {
  const std::lock_guard lock(loading);
  return stamps_of(files) != loaded;
}

void Server::State::watch_certificate(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!never.wait_for(lock, stop, certificate_interval, [&stop] { return stop.stop_requested(); })) {
    if (!certificate_changed()) continue;
    const CertificateFiles changed = files_in_use();
    if (const auto reloaded = load_certificate(changed); reloaded) {
      spdlog::info("certificate reloaded  file={}", changed.certificate.native());
    } else {
      spdlog::warn("certificate not reloaded, the old one stays  reason={}", reloaded.error().text());
    }
  }
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
  state->shared.limits = std::make_shared<const Limits>(kept.limits);
  state->shared.front = kept.front;
  state->shared.observer = kept.observer;
  state->shared.receiver = kept.receiver;
  if (!kept.tls_listeners.empty()) {
    const CertificateFiles files{kept.certificate, kept.private_key};
    if (const auto loaded = state->load_certificate(files); !loaded) return std::unexpected(loaded.error());
  }
  for (unsigned i = 0; i < kept.threads; ++i) {
    state->loops.push_back(std::make_unique<Loop>(state->shared, i));
  }
  if (const auto bound = state->listen(kept.tls_listeners, true); !bound)
    return std::unexpected(bound.error());
  if (const auto bound = state->listen(kept.plain_listeners, false); !bound)
    return std::unexpected(bound.error());
  for (const auto& loop : state->loops) {
    loop->start();
  }
  if (!kept.tls_listeners.empty()) {
    state->watcher = std::jthread(
        [watched = state.get()](const std::stop_token& stop) { watched->watch_certificate(stop); });
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

const std::vector<std::filesystem::path>& Server::socket_files() const {
  return state_->socket_files;
}

ConnectionStatistics Server::statistics() const {
  const SharedState& shared = state_->shared;
  return {shared.connections.open(), shared.accepted, shared.refused, shared.failed_handshakes,
          shared.limits.load()->max_connections};
}

void Server::set_limits(const Limits& limits) {
  state_->shared.limits = std::make_shared<const Limits>(limits);
}

Result<void> Server::reload_certificate() {
  if (state_->options.tls_listeners.empty()) return {};
  return state_->load_certificate(state_->files_in_use());
}

Result<void> Server::use_certificate(const std::filesystem::path& certificate,
                                     const std::filesystem::path& private_key) {
  if (state_->options.tls_listeners.empty())
    return fail(ErrorKind::invalid_input, "nothing listens with TLS; what will, needs a restart");
  return state_->load_certificate({certificate, private_key});
}

bool Server::responds(std::chrono::milliseconds within) const {
  const auto deadline = Clock::now() + within;
  std::vector<std::future<void>> rounds;
  rounds.reserve(state_->loops.size());
  for (const auto& loop : state_->loops) {
    const auto round = std::make_shared<std::promise<void>>();
    rounds.push_back(round->get_future());
    asio::post(loop->context(), [round] { round->set_value(); });
  }
  constexpr std::chrono::milliseconds step{20};
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    // A loop that has ended has no rounds any more.
    while (rounds[i].wait_until(std::min(deadline, Clock::now() + step)) != std::future_status::ready &&
           !state_->loops[i]->wait_until(Clock::now())) {
      if (Clock::now() >= deadline) return false;
    }
  }
  return true;
}

void Server::State::wait_for_loops(Clock::time_point patience) {
  if (wait_until(patience)) return;
  for (const auto& loop : loops) {
    loop->cut();
  }
  if (wait_until(Clock::now() + cut_time)) return;
  spdlog::error("server stopped with requests running  reason=a handler ignores its cancellation");
  for (const auto& loop : loops) {
    loop->abandon();
    loop->wait();
  }
}

void Server::stop(std::chrono::milliseconds grace) {
  const std::lock_guard lock(state_->stopping);
  if (std::exchange(state_->stopped, true)) return;
  state_->watcher.request_stop();
  for (const std::filesystem::path& file : state_->socket_files) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  for (const auto& loop : state_->loops) {
    loop->drain();
  }
  state_->wait_for_loops(Clock::now() + grace);
  // What they read goes back to a loop, which must still be there.
  state_->shared.readers.join();
}

Result<void> check_certificate(const std::filesystem::path& certificate,
                               const std::filesystem::path& private_key) {
  const auto context = make_tls_context(certificate, private_key);
  return context ? Result<void>() : std::unexpected(context.error());
}

}  // namespace wheelbarrow::http
