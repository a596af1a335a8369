// Requests and responses as the rest of the program sees them, whatever the protocol version on the wire.
// This room moves HTTP (RFC 9110, 9112, 9113) and knows no wheel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/slice.hpp"
#include "http/body_file.hpp"

namespace wheelbarrow::http {

// Fields in order. Names are lower case; a name may occur more than once. All text lies in one piece of
// memory, because a request with 20 fields should not cost 40 allocations.
class Fields {
 private:
  struct Place {
    std::uint32_t name = 0;  // where each begins in text_
    std::uint32_t value = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
  };

 public:
  // Valid until the fields change.
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const char* text, const Place* place) : text_(text), place_(place) {}
    Field operator*() const {
      return {{text_ + place_->name, place_->name_size}, {text_ + place_->value, place_->value_size}};
    }
    Iterator& operator++() {
      ++place_;
      return *this;
    }
    Iterator operator++(int) { return {text_, place_++}; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.place_ == b.place_; }

   private:
    const char* text_ = nullptr;
    const Place* place_ = nullptr;
  };

  // Adds a field beside any that are there.
  void add(std::string_view name, std::string_view value);
  // Replaces all fields of that name.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  // Removes all and keeps the memory.
  void clear();
  // All values of that name joined by ", " (RFC 9110 5.3); nothing if there is none.
  std::optional<std::string> get(std::string_view name) const;
  bool has(std::string_view name) const;
  Iterator begin() const { return {text_.data(), places_.data()}; }
  Iterator end() const { return {text_.data(), places_.data() + places_.size()}; }
  std::size_t size() const { return places_.size(); }
  // What clear() would keep, in bytes.
  std::size_t capacity() const { return text_.capacity() + places_.capacity() * sizeof(Place); }

 private:
  std::string text_;
  std::vector<Place> places_;
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
  // The client, as far as it is known: through proxies if they are trusted (see Front).
  std::string peer;     // its address, for logs
  std::string network;  // what is limited as one client (see network_key()); empty: a local socket
  // What goes before `path` in this server's public addresses: "/py", or nothing.
  std::string prefix;
  // The X-Request-Id that it came with, if that is sane, which then comes back; else a new one, for logs.
  std::string id;
  bool brought_id = false;
  // What came as its body, if there is a Receiver that wanted it.
  std::shared_ptr<BodyFile> body;
};

// The body of a response to HEAD is set as for GET; the session leaves it unsent and keeps Content-Length.
struct Response {
  unsigned status = 200;
  Fields fields;  // without Content-Length, Date, Connection: make_ready() and the session add them
  Slices body;
};

// A response with everything but what changes from one sending to the next (Date, Connection). Made once, it
// can be sent any number of times, from any thread.
using ReadyResponse = std::shared_ptr<const Response>;

// Adds Content-Length and the fields that every response carries (see add_common_fields()), and removes what
// could do harm: a body where none may be, fields of the connection, line breaks within a field.
ReadyResponse make_ready(Response response);

}  // namespace wheelbarrow::http
