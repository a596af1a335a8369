// A client for one server at a time, which shows what really came: the bytes as they were coded, every field,
// and when the body began.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "http/message.hpp"

namespace wheelbarrow::app {

struct Fetched {
  unsigned status = 0;
  std::string version;  // "HTTP/2"
  http::Fields fields;
  std::string body;                         // not decoded
  std::chrono::duration<double> first{};    // from the request to the first byte of the body
  std::chrono::duration<double> elapsed{};  // to the last
};

class HttpClient {
 public:
  struct Options {
    std::string certificates;  // PEM of who is believed beside the system's; empty: nobody else
    bool believe_all = false;  // any certificate
  };
  using FieldList = std::vector<std::pair<std::string, std::string>>;

  // The most of a body that is taken, bytes.
  static constexpr std::size_t max_body = std::size_t{256} * 1024 * 1024;

  explicit HttpClient(Options options);

  // One request over HTTP/2 if the server has it, on a connection that is kept. Redirects are not followed.
  // ErrorKind::io when there is no answer, ErrorKind::limit when it is too large.
  Result<Fetched> fetch(const std::string& url, const FieldList& fields = {}, const char* method = "GET");

 private:
  Options options_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
};

}  // namespace wheelbarrow::app
