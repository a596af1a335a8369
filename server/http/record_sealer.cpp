#include "http/record_sealer.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <string_view>

namespace wheelbarrow::http {
namespace {

constexpr std::size_t tag_size = 16;
constexpr std::uint32_t aes_128_gcm = 0x1301, aes_256_gcm = 0x1302,
                        chacha20_poly1305 = 0x1303;  // RFC 8446 B.4

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// Fetching an algorithm by name takes longer than a record's key schedule.
const EVP_CIPHER* cipher_of(std::uint32_t suite) {
  const auto fetch = [](const char* name) { return EVP_CIPHER_fetch(nullptr, name, nullptr); };
  static const EVP_CIPHER* const aes_128 = fetch("AES-128-GCM");
  static const EVP_CIPHER* const aes_256 = fetch("AES-256-GCM");
  static const EVP_CIPHER* const chacha20 = fetch("ChaCha20-Poly1305");
  switch (suite) {
    case aes_128_gcm:
      return aes_128;
    case aes_256_gcm:
      return aes_256;
    case chacha20_poly1305:
      return chacha20;
    default:
      return nullptr;
  }
}

// HKDF-Expand-Label(secret, label, "", out.size()) of RFC 8446 7.1.
bool expand_label(const EVP_MD* hash, std::span<std::uint8_t> secret, std::string_view label,
                  std::span<std::uint8_t> out) {
  static const std::unique_ptr<EVP_KDF, FreeKdf> hkdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(hkdf.get()));
  if (!context) return false;
  std::string info = {static_cast<char>(out.size() >> 8), static_cast<char>(out.size() & 0xff)};
  const std::string full_label = "tls13 " + std::string(label);
  info += static_cast<char>(full_label.size());
  info += full_label;
  info += '\0';  // an empty context
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const std::array parameters{
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(EVP_MD_get0_name(hash)), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end(),
  };
  return EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
}

std::uint8_t* bytes(char* out) {
  return reinterpret_cast<std::uint8_t*>(out);
}

}  // namespace

std::optional<RecordSealer> RecordSealer::make(const SSL_CIPHER& suite,
                                               std::span<const std::uint8_t> secret) {
  RecordSealer sealer;
  sealer.cipher_ = cipher_of(SSL_CIPHER_get_protocol_id(&suite));
  if (sealer.cipher_ == nullptr) return std::nullopt;
  sealer.hash_ = SSL_CIPHER_get_handshake_digest(&suite);
  sealer.secret_.assign(secret.begin(), secret.end());
  sealer.context_.reset(EVP_CIPHER_CTX_new());
  if (sealer.secret_.size() != static_cast<std::size_t>(EVP_MD_get_size(sealer.hash_)) || !sealer.context_ ||
      !sealer.use_secret()) {
    return std::nullopt;
  }
  return sealer;
}

RecordSealer::~RecordSealer() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

bool RecordSealer::use_secret() {
  std::array<std::uint8_t, EVP_MAX_KEY_LENGTH> key{};
  const auto key_size = static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_));
  const bool good = expand_label(hash_, secret_, "key", std::span(key).first(key_size)) &&
                    expand_label(hash_, secret_, "iv", iv_) &&
                    EVP_EncryptInit_ex(context_.get(), cipher_, nullptr, key.data(), nullptr) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  sequence_ = 0;
  return good;
}

bool RecordSealer::update() {
  std::vector<std::uint8_t> next(secret_.size());
  if (!expand_label(hash_, secret_, "traffic upd", next)) return false;
  secret_.swap(next);
  OPENSSL_cleanse(next.data(), next.size());
  return use_secret();
}

bool RecordSealer::begin_record(std::size_t size, char*& out) {
  // RFC 8446 5.3: the nonce is the sequence number and the IV, exclusive-or'ed.
  std::array<std::uint8_t, 12> nonce = iv_;
  for (std::size_t i = 0; i < sizeof sequence_; ++i) {
    nonce.at(nonce.size() - 1 - i) ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  }
  ++sequence_;
  // RFC 8446 5.2: every record looks like application data of TLS 1.2.
  const std::size_t length = size + 1 + tag_size;
  const std::array<char, 5> header{static_cast<char>(ContentType::application_data), 3, 3,
                                   static_cast<char>(length >> 8), static_cast<char>(length & 0xff)};
  char* const begin = out;
  out = std::copy(header.begin(), header.end(), out);
  int ignored = 0;
  return EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data()) == 1 &&
         EVP_EncryptUpdate(context_.get(), nullptr, &ignored, bytes(begin), header.size()) == 1;
}

bool RecordSealer::add(const char* data, std::size_t size, char*& out) {
  int written = 0;
  const bool good =
      EVP_EncryptUpdate(context_.get(), bytes(out), &written, reinterpret_cast<const std::uint8_t*>(data),
                        static_cast<int>(size)) == 1;
  out += written;
  return good;
}

bool RecordSealer::end_record(ContentType type, char*& out) {
  const char inner_type = static_cast<char>(type);
  int written = 0;
  if (!add(&inner_type, 1, out) || EVP_EncryptFinal_ex(context_.get(), bytes(out), &written) != 1)
    return false;
  out += written;
  if (EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, out) != 1) return false;
  out += tag_size;
  return true;
}

bool RecordSealer::seal(ContentType type, std::span<const boost::asio::const_buffer> plain, char* out) {
  std::size_t left = 0;  // in all buffers
  for (const boost::asio::const_buffer& buffer : plain) {
    left += buffer.size();
  }
  std::size_t open = 0;  // bytes that the record in hand still takes
  for (const boost::asio::const_buffer& buffer : plain) {
    std::string_view rest(static_cast<const char*>(buffer.data()), buffer.size());
    while (!rest.empty()) {
      if (open == 0) {
        open = std::min(left, largest);
        if (!begin_record(open, out)) return false;
      }
      const std::size_t size = std::min(rest.size(), open);
      if (!add(rest.data(), size, out)) return false;
      rest.remove_prefix(size);
      left -= size;
      open -= size;
      if (open == 0 && !end_record(type, out)) return false;
    }
  }
  return true;
}

}  // namespace wheelbarrow::http
