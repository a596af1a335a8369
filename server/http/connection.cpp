#include "http/connection.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "http/http1_session.hpp"
#include "http/http2_session.hpp"
#include "http/proxy_protocol.hpp"
#include "http/tls.hpp"
#include "http/watchdog.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;

namespace {

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113 3.4

}  // namespace

Connection::Connection(Socket socket, Scratch& scratch, SSL_CTX* tls, SessionContext context,
                       ConnectionPlace place, bool proxied)
    : context_(std::move(context)), place_(std::move(place)), proxied_(proxied) {
  if (tls != nullptr) {
    auto transport = std::make_shared<TlsTransport>(std::move(socket), scratch, *tls);
    tls_ = transport.get();
    context_.transport = std::move(transport);
  } else {
    context_.transport = std::make_shared<PlainTransport>(std::move(socket), scratch);
  }
}

asio::awaitable<bool> Connection::meet_client() {
  const ProxyHeader header = co_await read_proxy_header(context_.transport->socket());
  if (header.state != ProxyHeader::State::complete) {
    spdlog::warn("connection ended  reason=no PROXY protocol header peer={}", context_.peer.name);
    co_return false;
  }
  if (!header.client) {
    // Fields of requests are someone's whom the proxy only passes on, so its word is not theirs.
    context_.peer.address.reset();
    context_.peer.local = false;
    co_return true;
  }
  context_.peer = peer_at(header.client->address(), header.client->port());
  context_.peer.secure = header.secure;
  if (is_trusted(context_.peer, context_.front.trusted)) co_return true;
  const char* const limit = place_.settle(context_.peer.network, context_.limits);
  if (limit != nullptr) spdlog::info("connection ended  reason={} peer={}", limit, context_.peer.name);
  co_return limit == nullptr;
}

asio::awaitable<Connection::Version> Connection::find_version() {
  const auto time = tls_ != nullptr ? context_.limits.handshake_timeout : context_.limits.header_timeout;
  const auto deadline = Watchdog::Clock::now() + time;
  const Watchdog watchdog(
      context_.executor, [deadline] { return deadline; },
      [this] {
        spdlog::info(
            "connection ended  reason={} peer={}",
            tls_ != nullptr ? "the handshake did not end in time" : "the client said nothing in time",
            context_.peer.name);
        close();
      });
  if (proxied_) {
    const bool met = co_await meet_client();
    if (!met) co_return Version::none;
  }
  if (tls_ != nullptr) {
    const bool good = co_await tls_->handshake();
    if (!good) {
      if (context_.failed_handshakes != nullptr) ++*context_.failed_handshakes;
      co_return Version::none;
    }
    co_return tls_->chose_http2() ? Version::http2 : Version::http1;
  }
  while (received_.size() < http2_preface.size() && http2_preface.starts_with(received_)) {
    const std::string_view bytes = co_await context_.transport->read();
    if (bytes.empty()) co_return Version::none;
    received_.append(bytes);
  }
  co_return received_.starts_with(http2_preface) ? Version::http2 : Version::http1;
}

asio::awaitable<void> Connection::run() {
  const Version version = co_await find_version();
  if (version == Version::none) {
    close();
    co_return;
  }
  if (version == Version::http2) {
    session_ = std::make_shared<Http2Session>(context_);
  } else {
    session_ = std::make_shared<Http1Session>(context_);
  }
  co_await session_->run(std::move(received_));
  close();
}

void Connection::drain() {
  if (session_) {
    session_->drain();
  } else {
    close();
  }
}

void Connection::close() {
  if (session_) session_->close();
  context_.transport->close();
}

}  // namespace wheelbarrow::http
