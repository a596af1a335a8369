// The sending half of TLS 1.3's record protocol (RFC 8446 5). Private to this room.
//
// OpenSSL shakes hands, checks everything, and decrypts what comes. Of what it would send it copies every
// byte twice, into a record buffer of its own and out of it, and that is a quarter of what a download costs
// here. So once a TLS 1.3 handshake is complete, records are made from the same keys by OpenSSL's ciphers,
// straight out of the response's slices into the memory that is sent.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wheelbarrow::http {

// RFC 8446 B.1
enum class ContentType : std::uint8_t { alert = 21, handshake = 22, application_data = 23 };

class RecordSealer {
 public:
  static constexpr std::size_t largest = 16 * 1024;    // plaintext of a record (RFC 8446 5.1)
  static constexpr std::size_t overhead = 5 + 1 + 16;  // header, content type, tag

  // `secret` is server_application_traffic_secret_0 of a handshake that chose `suite` (RFC 8446 7.1). Nothing
  // if the suite is none of the three that have a key of this kind.
  static std::optional<RecordSealer> make(const SSL_CIPHER& suite, std::span<const std::uint8_t> secret);
  ~RecordSealer();
  RecordSealer(RecordSealer&&) noexcept = default;
  RecordSealer& operator=(RecordSealer&&) noexcept = default;

  // How long the records of so many bytes are.
  static std::size_t sealed_size(std::size_t plain) {
    return plain + (plain + largest - 1) / largest * overhead;
  }

  // Writes the records of all the bytes to `out`. False if OpenSSL failed; then the connection is over.
  // REQUIRES: room for sealed_size().
  bool seal(ContentType type, std::span<const boost::asio::const_buffer> plain, char* out);

  // Changes to the next keys (RFC 8446 7.2), after a KeyUpdate message was sealed.
  bool update();
  // Whether a KeyUpdate is due: a key is good for 2^24.5 full records (RFC 8446 5.5).
  bool is_worn() const { return sequence_ >= (std::uint64_t{1} << 24); }

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };

  RecordSealer() = default;
  bool begin_record(std::size_t size, char*& out);
  bool end_record(ContentType type, char*& out);
  bool add(const char* data, std::size_t size, char*& out);
  bool use_secret();

  const EVP_CIPHER* cipher_ = nullptr;
  const EVP_MD* hash_ = nullptr;
  std::vector<std::uint8_t> secret_;
  std::array<std::uint8_t, 12> iv_{};
  std::uint64_t sequence_ = 0;  // of the next record
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
};

}  // namespace wheelbarrow::http
