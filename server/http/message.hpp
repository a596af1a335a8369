// Requests and responses as the rest of the program sees them, whatever the protocol version on the wire.
// This room moves HTTP (RFC 9110, 9112, 9113) and knows no wheel.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/slice.hpp"

namespace wheelbarrow::http {

// Fields in order. Names are lower case; a name may occur more than once.
class Fields {
 public:
  // Adds a field beside any that are there.
  void add(std::string_view name, std::string value);
  // Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  void erase(std::string_view name);
  // All values of that name joined by ", " (RFC 9110 5.3); nothing if there is none.
  std::optional<std::string> get(std::string_view name) const;
  bool has(std::string_view name) const;
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

enum class Protocol { http1, http2 };

struct Request {
  std::string method;     // "GET"; case-sensitive (RFC 9110 9.1)
  std::string path;       // as sent, still percent-encoded, beginning with '/'
  std::string query;      // as sent, without the '?'; empty if there is none
  std::string scheme;     // "http" or "https"
  std::string authority;  // Host or :authority
  Fields fields;
  Protocol protocol = Protocol::http1;
  std::string peer;  // the client's address, for logs
};

// The body of a response to HEAD is set as for GET; the session leaves it unsent and keeps Content-Length.
struct Response {
  unsigned status = 200;
  Fields fields;  // without Content-Length, Date, Connection: the session adds what belongs to it
  Slices body;
};

}  // namespace wheelbarrow::http
