// A secret that clients show (RFC 6750), some of them as a password (RFC 7617).
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "http/message.hpp"

namespace wheelbarrow::http {

class BearerToken {
 public:
  // The first line of a file, without blanks around it: 16 to 1024 characters of RFC 6750's b64token.
  // ErrorKind::invalid_input if it is anything else, ErrorKind::io if it can't be read.
  static Result<BearerToken> read(const std::filesystem::path& file);

  // Whether the request shows it. How long that takes says nothing of how much of it was right.
  bool is_shown(const Request& request) const;
  // The same by Authorization: Basic, as the password of any user; what upload tools do.
  bool is_password(const Request& request) const;

 private:
  explicit BearerToken(Sha256 sha256) : sha256_(sha256) {}
  bool is(std::string_view text) const;
  Sha256 sha256_;
};

// What a request without it gets: 401 with WWW-Authenticate (RFC 6750 3).
Response unauthorized(const Request& request);

}  // namespace wheelbarrow::http
