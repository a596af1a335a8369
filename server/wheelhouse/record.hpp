// RECORD: the list of a wheel's files with their hashes and sizes (PEP 376, PEP 427 "The .dist-info
// directory").
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace wheelbarrow::wheelhouse {

// PEP 427: "The hash algorithm must be sha256 or better; specifically, md5, sha1 and sha224 are not
// permitted".
enum class RecordAlgorithm { sha256, sha384, sha512 };

struct RecordRow {
  RecordAlgorithm algorithm = RecordAlgorithm::sha256;
  std::string digest;  // URL-safe base64 without padding; empty where RECORD gives no hash
  std::optional<std::uint64_t> size;

  friend bool operator==(const RecordRow&, const RecordRow&) = default;
};

// By path in the archive.
using Record = std::unordered_map<std::string, RecordRow>;

// An error's message names the row; `where` is left to the caller. More than `max_rows` rows are
// ErrorKind::limit.
Result<Record> parse_record(std::string_view text, std::uint64_t max_rows);

// Computes what a RecordRow::digest is compared with. Used once.
class RecordHasher {
 public:
  explicit RecordHasher(RecordAlgorithm algorithm);
  void update(std::span<const std::byte> data);
  std::string finish();

 private:
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const;
  };
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

}  // namespace wheelbarrow::wheelhouse
