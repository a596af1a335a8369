// SHA-256 (FIPS 180-4): the digest as a value, and a streaming hasher.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wheelbarrow {

struct Sha256 {
  std::array<std::uint8_t, 32> bytes{};

  // 64 lower-case hexadecimal digits, as `sha256sum` prints.
  std::string hex() const;
  // Standard base64 with padding (RFC 4648 section 4), as Repr-Digest (RFC 9530) and SRI write it.
  std::string base64() const;
  // URL-safe base64 without padding (RFC 4648 section 5), as a wheel's RECORD writes it.
  std::string base64url() const;

  // Accepts exactly 64 hexadecimal digits of either case.
  static std::optional<Sha256> from_hex(std::string_view hex);
  // Accepts exactly what base64() gives.
  static std::optional<Sha256> from_base64(std::string_view text);

  friend auto operator<=>(const Sha256&, const Sha256&) = default;
};

// Hashes bytes as they come. A hasher is used once: update() any number of times, then finish().
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  void update(std::span<const std::byte> data);
  void update(std::string_view data);
  Sha256 finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Sha256 sha256(std::span<const std::byte> data);
Sha256 sha256(std::string_view data);

}  // namespace wheelbarrow

template <>
struct std::hash<wheelbarrow::Sha256> {
  // A digest is uniform already, so its first bytes are as good as any hash of it.
  std::size_t operator()(const wheelbarrow::Sha256& digest) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, digest.bytes.data(), sizeof value);
    return value;
  }
};
