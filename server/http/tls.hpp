// TLS on OpenSSL. Private to this room.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/record_sealer.hpp"
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
// however many there are, and a read decrypts all that arrived. In TLS 1.3 the records that are sent are made
// by a RecordSealer.
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
  // The callback for a handshake's secrets, which OpenSSL offers as lines of text.
  static void take_secret(const SSL* ssl, const char* line);
  static SSL_CTX* secrets_context();
  // The callback for every message that OpenSSL sends or receives.
  static void see_message(int is_sent, int version, int content_type, const void* data, std::size_t size,
                          SSL* ssl, void* transport);

  // Decrypts all of incoming_ into the scratch memory.
  std::string_view decrypt();
  // Both return what is to be sent, in the scratch memory; nothing if that failed.
  std::optional<std::string_view> seal(std::span<const boost::asio::const_buffer> buffers);
  std::optional<std::string_view> encrypt(std::span<const boost::asio::const_buffer> buffers);
  void take_over();
  bool seal_message(ContentType type, std::string_view message);
  boost::asio::awaitable<bool> flush();

  SSL_CTX* context_;  // ssl_ holds it
  std::unique_ptr<SSL, OpensslDeleter> ssl_;
  std::vector<std::uint8_t> secret_;    // of what the server sends, until the handshake is complete
  std::optional<RecordSealer> sealer_;  // then nothing that OpenSSL encrypts is sent any more
  std::string_view incoming_;           // ciphertext that OpenSSL has not taken yet
  std::string held_;                    // the same, kept over a wait during the handshake
  std::string outgoing_;                // ciphertext that the socket has not taken
  bool writing_ = false;                // the socket is taking something
  bool ended_ = false;                  // the client closed, or broke the protocol
};

}  // namespace wheelbarrow::http
