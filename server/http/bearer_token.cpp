#include "http/bearer_token.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "http/problem.hpp"
#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

constexpr std::size_t shortest = 16;
constexpr std::size_t longest = 1024;

bool is_token_character(char c) {
  static constexpr std::string_view marks = "-._~+/=";
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
         marks.find(c) != std::string_view::npos;
}

// What follows a scheme ("bearer "); empty if something else does.
std::string shown_by(const Request& request, std::string_view scheme) {
  const std::string field = request.fields.get("authorization").value_or("");
  if (field.size() > scheme.size() + 2 * longest) return {};
  if (!equal_ignoring_case(std::string_view(field).substr(0, scheme.size()), scheme)) return {};
  return std::string(trim(std::string_view(field).substr(scheme.size())));
}

// RFC 7617 2: base64 of "user:password". Empty if it is something else.
std::string password_of(const std::string& credentials) {
  if (credentials.empty() || credentials.size() % 4 != 0) return {};
  std::string text(credentials.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(credentials.data()),
                                   static_cast<int>(credentials.size()));
  if (size < 0) return {};
  // OpenSSL counts the padding as zeros.
  text.resize(static_cast<std::size_t>(size));
  while (text.ends_with('\0')) {
    text.pop_back();
  }
  const std::size_t colon = text.find(':');
  return colon == std::string::npos ? std::string() : text.substr(colon + 1);
}

}  // namespace

Result<BearerToken> BearerToken::read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line(longest + 3, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  if (!in.eof() && in.fail()) return fail(ErrorKind::io, "the token's file can't be read", file.native());
  line.resize(static_cast<std::size_t>(in.gcount()));
  line.resize(std::min(line.find_first_of("\r\n"), line.size()));
  const std::string_view token = trim(line);
  if (token.size() < shortest || token.size() > longest || !std::ranges::all_of(token, is_token_character)) {
    return fail(
        ErrorKind::invalid_input,
        "a token is a line of 16 to 1024 letters, digits and -._~+/=, e.g. from: openssl rand -hex 32",
        file.native());
  }
  return BearerToken(sha256(token));
}

bool BearerToken::is(std::string_view text) const {
  const Sha256 shown = sha256(text);
  return CRYPTO_memcmp(shown.bytes.data(), sha256_.bytes.data(), sha256_.bytes.size()) == 0;
}

bool BearerToken::is_shown(const Request& request) const {
  return is(shown_by(request, "bearer "));
}

bool BearerToken::is_password(const Request& request) const {
  return is(password_of(shown_by(request, "basic ")));
}

Response unauthorized(const Request& request) {
  const bool tried = request.fields.has("authorization");
  Response response = problem(
      401, tried ? "the token is not the right one" : "this needs a token: send Authorization: Bearer TOKEN");
  response.fields.set("www-authenticate", tried ? R"(Bearer realm="wheelbarrow", error="invalid_token")"
                                                : R"(Bearer realm="wheelbarrow")");
  return response;
}

}  // namespace wheelbarrow::http
