#include "base/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace wheelbarrow {
namespace {

std::string base64_encode(std::span<const std::uint8_t> bytes, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < have ? bytes[i + j] : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      if (j <= have) {
        out += alphabet[group >> (18 - 6 * j) & 63];
      } else if (pad) {
        out += '=';
      }
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Sha256::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(64);
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string Sha256::base64() const {
  return base64_encode(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

std::string Sha256::base64url() const {
  return base64_encode(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

std::optional<Sha256> Sha256::from_hex(std::string_view hex) {
  Sha256 digest;
  if (hex.size() != 2 * digest.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

std::optional<Sha256> Sha256::from_base64(std::string_view text) {
  constexpr std::size_t text_size = 44;
  std::array<unsigned char, 33> decoded{};  // the padding counts as a byte
  if (text.size() != text_size ||
      EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(text.data()), text_size) !=
          static_cast<int>(decoded.size())) {
    return std::nullopt;
  }
  Sha256 digest;
  std::copy_n(decoded.begin(), digest.bytes.size(), digest.bytes.begin());
  // OpenSSL lets spaces and stray bits pass.
  return digest.base64() == text ? std::optional(digest) : std::nullopt;
}

struct Sha256Hasher::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256Hasher::Sha256Hasher() : context_(std::make_unique<Context>()) {
  // Fails only when memory or the crypto library itself is broken; nothing sensible can follow.
  if (context_->evp == nullptr || EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL can't provide SHA-256");
  }
}

Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::update(std::span<const std::byte> data) {
  EVP_DigestUpdate(context_->evp, data.data(), data.size());
}

void Sha256Hasher::update(std::string_view data) {
  update(std::as_bytes(std::span(data)));
}

Sha256 Sha256Hasher::finish() {
  Sha256 digest;
  EVP_DigestFinal_ex(context_->evp, digest.bytes.data(), nullptr);
  return digest;
}

Sha256 sha256(std::span<const std::byte> data) {
  Sha256Hasher hasher;
  hasher.update(data);
  return hasher.finish();
}

Sha256 sha256(std::string_view data) {
  return sha256(std::as_bytes(std::span(data)));
}

}  // namespace wheelbarrow
