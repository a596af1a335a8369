#include <openssl/err.h>

#include <array>

#include "http/tls.hpp"

namespace wheelbarrow::http {
namespace {

// The reason that OpenSSL gives for its last failure.
std::string last_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();
  ERR_error_string_n(code, text.data(), text.size());
  const char* reason = ERR_reason_error_string(code);
  std::string result = reason != nullptr ? reason : text.data();
  ERR_clear_error();
  return result;
}

// RFC 7301 3.2, in the server's order: h2 before http/1.1.
int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* offered, unsigned offered_length, void* /*argument*/) {
  static constexpr auto known =
      std::to_array<unsigned char>({2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'});
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, known.data(), known.size(), offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<void> load_identity(SSL_CTX& context, const std::filesystem::path& certificate,
                           const std::filesystem::path& private_key) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(&context, certificate.c_str()) != 1) {
    return fail(ErrorKind::io, "the certificate chain can't be read as PEM: " + last_error(),
                certificate.string());
  }
  if (SSL_CTX_use_PrivateKey_file(&context, private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(ErrorKind::io,
                "the private key can't be read as PEM, or belongs to another certificate: " + last_error(),
                private_key.string());
  }
  if (SSL_CTX_check_private_key(&context) != 1) {
    return fail(ErrorKind::invalid_input, "the private key belongs to another certificate: " + last_error(),
                private_key.string());
  }
  return {};
}

}  // namespace

Result<TlsContext> make_tls_context(const std::filesystem::path& certificate,
                                    const std::filesystem::path& private_key) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(ErrorKind::internal, "OpenSSL can't make a TLS context: " + last_error());
  SSL_CTX* raw = context.get();
  const bool configured =
      SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
      // AES-128 first: it is the fastest here, and as good as any for public files.
      SSL_CTX_set_ciphersuites(
          raw, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
      // None of the suites that RFC 9113's appendix A forbids.
      SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
      SSL_CTX_set1_groups_list(raw, "X25519:P-256:P-384") == 1 && SSL_CTX_set_num_tickets(raw, 0) == 1;
  if (!configured) return fail(ErrorKind::internal, "OpenSSL refuses the TLS settings: " + last_error());
  // PRIORITIZE_CHACHA: a client without AES instructions lists ChaCha20 first and gets it.
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(raw, select_protocol, nullptr);
  if (const Result<void> loaded = load_identity(*raw, certificate, private_key); !loaded) {
    return std::unexpected(loaded.error());
  }
  return context;
}

}  // namespace wheelbarrow::http
