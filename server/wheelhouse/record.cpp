#include "wheelhouse/record.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>
#include <vector>

#include "wheelhouse/entry_path.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

std::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorKind::corrupt, std::move(message));
}

// RFC 4180, and lone LF or CR as line ends, as Python's csv module reads it.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  // The next row; at most four fields are kept. Nothing if a quote is not closed.
  std::optional<std::vector<std::string>> row() {
    std::vector<std::string> fields;
    while (true) {
      std::string field;
      if (!read_field(field)) {
        return std::nullopt;
      }
      if (fields.size() < 4) {
        fields.push_back(std::move(field));
      }
      if (rest_.empty()) {
        return fields;
      }
      const char end = take();
      if (end == ',') {
        continue;
      }
      if (end == '\r' && rest_.starts_with('\n')) {
        take();
      }
      return fields;
    }
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool read_field(std::string& field) {
    if (rest_.starts_with('"')) {
      take();
      while (true) {
        const std::size_t quote = rest_.find('"');
        if (quote == std::string_view::npos) {
          return false;
        }
        field += rest_.substr(0, quote);
        rest_.remove_prefix(quote + 1);
        if (!rest_.starts_with('"')) {
          break;
        }
        field += take();
      }
    }
    const std::size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    field += rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }

  std::string_view rest_;
};

Result<RecordRow> parse_row(const std::string& path, const std::string& hash, const std::string& size) {
  RecordRow row;
  if (!hash.empty()) {
    const std::size_t equals = hash.find('=');
    std::string algorithm = hash.substr(0, equals);
    std::ranges::transform(algorithm, algorithm.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (algorithm == "sha256") {
      row.algorithm = RecordAlgorithm::sha256;
    } else if (algorithm == "sha384") {
      row.algorithm = RecordAlgorithm::sha384;
    } else if (algorithm == "sha512") {
      row.algorithm = RecordAlgorithm::sha512;
    } else {
      return corrupt("RECORD has a hash of " + printable_path(path) + " by '" + printable_path(algorithm) +
                     "', which is not one of sha256, sha384 and sha512");
    }
    row.digest = equals == std::string::npos ? "" : hash.substr(equals + 1);
    row.digest.erase(std::min(row.digest.find_last_not_of('=') + 1, row.digest.size()));
    if (row.digest.empty()) {
      return corrupt("RECORD has an empty hash of " + printable_path(path));
    }
  }
  if (!size.empty()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), number);
    if (error != std::errc() || end != size.data() + size.size()) {
      return corrupt("RECORD's size of " + printable_path(path) + " is not a number");
    }
    row.size = number;
  }
  return row;
}

const EVP_MD* digest_of(RecordAlgorithm algorithm) {
  switch (algorithm) {
    case RecordAlgorithm::sha384:
      return EVP_sha384();
    case RecordAlgorithm::sha512:
      return EVP_sha512();
    case RecordAlgorithm::sha256:
      break;
  }
  return EVP_sha256();
}

}  // namespace

Result<Record> parse_record(std::string_view text, std::uint64_t max_rows) {
  Record record;
  CsvReader reader(text);
  while (!reader.done()) {
    auto fields = reader.row();
    if (!fields) {
      return corrupt("RECORD has a quote that is not closed");
    }
    if (fields->size() == 1 && fields->front().empty()) {
      continue;  // an empty line
    }
    if (fields->size() != 3) {
      return corrupt("RECORD has a line that is not path, hash and size: " + printable_path(fields->front()));
    }
    auto row = parse_row((*fields)[0], (*fields)[1], (*fields)[2]);
    if (!row) {
      return std::unexpected(row.error());
    }
    if (record.size() >= max_rows) {
      return fail(ErrorKind::limit,
                  "RECORD lists more than the limit of " + std::to_string(max_rows) + " files");
    }
    const auto [place, added] = record.try_emplace(std::move((*fields)[0]), *row);
    if (!added && place->second != *row) {
      return corrupt("RECORD lists " + printable_path(place->first) + " twice, differently");
    }
  }
  return record;
}

void RecordHasher::FreeContext::operator()(EVP_MD_CTX* context) const {
  EVP_MD_CTX_free(context);
}

RecordHasher::RecordHasher(RecordAlgorithm algorithm) : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), digest_of(algorithm), nullptr) != 1) {
    throw std::bad_alloc();  // the only way in which these fail
  }
}

void RecordHasher::update(std::span<const std::byte> data) {
  EVP_DigestUpdate(context_.get(), data.data(), data.size());
}

std::string RecordHasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
  std::array<unsigned char, EVP_MAX_MD_SIZE * 2> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(length));
  std::string text(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

}  // namespace wheelbarrow::wheelhouse
