// A Server for tests, with a handler that knows a few paths, and a way to run real clients against it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/slice.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

struct TestServerOptions {
  Limits limits = {};
  bool tls = false;
  unsigned threads = 1;
  Front front = {};
  bool proxied = false;            // connections begin with a PROXY protocol header
  std::uint64_t max_received = 0;  // bytes of the bodies that /received wants
};

// Paths:
//   /hello            "hello\n"
//   /echo             method, path, query, authority, scheme, one per line
//   /who              peer, network, and the public address without the path
//   /rope             100 MB in slices of many sizes, with ranges
//   /file             "0123456789abcdefghij", with a strong ETag "v1", a Last-Modified, and ranges
//   /dated            the same without ETag
//   /wait?ms=N        "waited" after N milliseconds
//   /throw            an exception from the coroutine
//   /throw-at-once    an exception from the handler
//   /split            a field with a line break in its value
//   /status?N         an empty body with that status
//   /received         how many bytes came as the body, and their SHA-256; with a field "x-refused", 403
//   instead
class TestServer {
 public:
  explicit TestServer(TestServerOptions options = {});
  ~TestServer();

  unsigned short port() const;  // of the plain listener
  std::string plain() const;    // "http://127.0.0.1:<port>"
  std::string tls() const;      // "https://127.0.0.1:<port>"
  Server& server() { return *server_; }

  struct Counters;

  // The SHA-256 of /rope.
  static std::string rope_hash();
  static std::size_t rope_size();
  // How many handlers of /wait were destroyed before they were done.
  int cancelled() const;

 private:
  std::shared_ptr<Counters> counters_;
  std::unique_ptr<Server> server_;
};

// What a shell command printed, and its exit code.
struct Ran {
  std::string output;
  int code = 0;
};
Ran run(const std::string& command);

}  // namespace wheelbarrow::http
