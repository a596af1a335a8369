// One accepted connection, from its first byte to its last. Private to this room.
#pragma once

#include <openssl/types.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "http/peer.hpp"
#include "http/session.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

class Connection {
 public:
  // `tls` is null for a plain connection. `context` lacks its transport. The references outlive the
  // connection. With `proxied`, a PROXY protocol header comes first, and its client is the context's peer
  // from then on.
  Connection(Socket socket, Scratch& scratch, SSL_CTX* tls, SessionContext context, ConnectionPlace place,
             bool proxied);

  // Shakes hands, finds out which protocol the client speaks, and serves it until the end.
  boost::asio::awaitable<void> run();
  void drain();
  void close();

 private:
  enum class Version { none, http1, http2 };

  // By ALPN, or by the first bytes, which stay in received_.
  boost::asio::awaitable<Version> find_version();
  // False if the connection can't go on.
  boost::asio::awaitable<bool> meet_client();

  SessionContext context_;
  ConnectionPlace place_;
  bool proxied_;
  class TlsTransport* tls_ = nullptr;  // the context's transport, if it is one
  std::string received_;
  std::shared_ptr<Session> session_;
};

}  // namespace wheelbarrow::http
