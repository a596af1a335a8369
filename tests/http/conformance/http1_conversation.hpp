// One HTTP/1.1 connection of a conformance case: sends what the case says, and takes responses apart one
// after another. What RFC 9112 and RFC 9110 demand of every response is checked as it arrives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/raw_client.hpp"

namespace wheelbarrow::http::conformance {

struct Http1Response {
  unsigned status = 0;
  Fields fields;  // names as they came, in lower case
  std::string body;
};

class Http1Conversation {
 public:
  explicit Http1Conversation(unsigned short port) : client_(port) {}

  void send(std::string_view bytes) { client_.send(bytes); }

  // The next response, interim ones too; `head_only` for the answer to HEAD. Nothing if none comes.
  std::optional<Http1Response> read_response(bool head_only = false);
  // Whether the server closes, and says nothing before.
  bool closes();

  const std::string& transcript() const { return received_; }

 private:
  RawClient client_;
  std::string received_;
};

}  // namespace wheelbarrow::http::conformance
