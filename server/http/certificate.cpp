#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.hpp"

namespace wheelbarrow::http {
namespace {

struct Deleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

bool add_extension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A positive random serial number of 127 bits: two certificates of one issuer name must not share one.
bool set_serial_number(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7F;
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool done =
      number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return done;
}

Owned<X509> sign_for_localhost(EVP_PKEY* key) {
  Owned<X509> certificate(X509_new());
  X509* raw = certificate.get();
  if (raw == nullptr) return nullptr;
  X509_NAME* name = X509_get_subject_name(raw);
  static constexpr std::string_view common_name = "localhost";
  const bool made = X509_set_version(raw, X509_VERSION_3) == 1 && set_serial_number(raw) &&
                    // A day early, for clocks that are behind.
                    X509_gmtime_adj(X509_getm_notBefore(raw), -24L * 60 * 60) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(raw), 365L * 24 * 60 * 60) != nullptr &&
                    X509_set_pubkey(raw, key) == 1 &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                               reinterpret_cast<const unsigned char*>(common_name.data()),
                                               static_cast<int>(common_name.size()), -1, 0) == 1 &&
                    X509_set_issuer_name(raw, name) == 1 &&
                    add_extension(raw, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
                    add_extension(raw, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(raw, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(raw, NID_ext_key_usage, "serverAuth") &&
                    add_extension(raw, NID_subject_key_identifier, "hash") &&
                    X509_sign(raw, key, EVP_sha256()) != 0;
  return made ? std::move(certificate) : nullptr;
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Error file_error(const std::filesystem::path& path) {
  return {ErrorKind::io, "can't write the file: " + std::string(std::strerror(errno)), path.string()};
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Written under another name first, so that no reader ever sees half of it and no old file lends its mode.
Result<void> write_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  std::filesystem::path temporary = path;
  temporary += ".new";
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return std::unexpected(file_error(temporary));
  const bool written = write_all(file, text) && ::fsync(file) == 0;
  const Error error = written ? Error{} : file_error(temporary);
  ::close(file);
  if (!written) {
    ::unlink(temporary.c_str());
    return std::unexpected(error);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return std::unexpected(file_error(path));
  return {};
}

}  // namespace

Result<void> make_self_signed_certificate(const std::filesystem::path& certificate,
                                          const std::filesystem::path& private_key) {
  std::error_code ignored;
  if (std::filesystem::exists(certificate, ignored) && std::filesystem::exists(private_key, ignored))
    return {};
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> made = key ? sign_for_localhost(key.get()) : nullptr;
  const Owned<BIO> certificate_pem(BIO_new(BIO_s_mem()));
  const Owned<BIO> key_pem(BIO_new(BIO_s_mem()));
  if (!made || !certificate_pem || !key_pem || PEM_write_bio_X509(certificate_pem.get(), made.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::internal, "OpenSSL can't make a certificate");
  }
  if (auto written = write_file(private_key, contents(key_pem.get()), 0600); !written) return written;
  return write_file(certificate, contents(certificate_pem.get()), 0644);
}

}  // namespace wheelbarrow::http
