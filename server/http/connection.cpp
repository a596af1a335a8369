#include "http/connection.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "http/http1_session.hpp"
#include "http/http2_session.hpp"
#include "http/tls.hpp"
#include "http/watchdog.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;

namespace {

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113 3.4

}  // namespace

Connection::Connection(Socket socket, Scratch& scratch, SSL_CTX* tls, SessionContext context)
    : context_(std::move(context)) {
  if (tls != nullptr) {
    auto transport = std::make_shared<TlsTransport>(std::move(socket), scratch, *tls);
    tls_ = transport.get();
    context_.transport = std::move(transport);
  } else {
    context_.transport = std::make_shared<PlainTransport>(std::move(socket), scratch);
  }
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
            context_.peer);
        close();
      });
  if (tls_ != nullptr) {
    const bool good = co_await tls_->handshake();
    if (!good) co_return Version::none;
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
