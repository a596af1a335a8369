// One accepted connection, from its first byte to its last. Private to this room.
#pragma once

#include <openssl/types.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "http/session.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

class Connection {
 public:
  // `tls` is null for a plain connection. `context` lacks its transport. The references outlive the
  // connection.
  Connection(Socket socket, Scratch& scratch, SSL_CTX* tls, SessionContext context);

  // Shakes hands, finds out which protocol the client speaks, and serves it until the end.
  boost::asio::awaitable<void> run();
  void drain();
  void close();

 private:
  enum class Version { none, http1, http2 };

  // By ALPN, or by the first bytes, which stay in received_.
  boost::asio::awaitable<Version> find_version();

  SessionContext context_;
  class TlsTransport* tls_ = nullptr;  // the context's transport, if it is one
  std::string received_;
  std::shared_ptr<Session> session_;
};

}  // namespace wheelbarrow::http
