// TLS on OpenSSL. Private to this room.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/transport.hpp"

namespace wheelbarrow::http {

struct OpensslDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using TlsContext = std::unique_ptr<SSL_CTX, OpensslDeleter>;

// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only, ALPN h2 before http/1.1, no
// renegotiation, no tickets, no early data.
Result<TlsContext> make_tls_context(const std::filesystem::path& certificate,
                                    const std::filesystem::path& private_key);

// OpenSSL between two memory buffers instead of a socket: all records of a write leave in one system call,
// however many there are, and a read decrypts all that arrived.
class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, Scratch& scratch, SSL_CTX& context);

  // False if it failed; then the alert has been sent.
  boost::asio::awaitable<bool> handshake();
  bool chose_http2() const;

  boost::asio::awaitable<std::string_view> read() override;
  boost::asio::awaitable<bool> write(std::span<const boost::asio::const_buffer> buffers) override;
  boost::asio::awaitable<void> end_writing() override;
  bool is_secure() const override { return true; }

 private:
  static int bio_read(BIO* bio, char* data, int size);
  static int bio_write(BIO* bio, const char* data, int size);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static const BIO_METHOD* bio_method();

  // Decrypts all of incoming_ into the scratch memory.
  std::string_view decrypt();
  bool encrypt(std::string_view bytes);
  boost::asio::awaitable<bool> flush();

  std::unique_ptr<SSL, OpensslDeleter> ssl_;
  std::string_view incoming_;       // ciphertext that OpenSSL has not taken yet
  std::string held_;                // the same, kept over a wait during the handshake
  std::string outgoing_;            // ciphertext that OpenSSL has made and the socket has not taken
  std::string* made_ = &outgoing_;  // where OpenSSL's ciphertext goes
  bool ended_ = false;              // the client closed, or broke the protocol
};

}  // namespace wheelbarrow::http
