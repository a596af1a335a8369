// HTTP/1.1 requests out of a byte stream (RFC 9112). Private to this room.
//
// Beast parses the header section; what it would let through but a proxy in front may read differently
// (repeated or conflicting lengths, bare line feeds, folded lines, unknown transfer codings) is refused here,
// because such requests are how request smuggling works (RFC 9112 11.2).
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/http1_body.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

class Http1Reader {
 public:
  Http1Reader(const Limits& limits, std::string_view scheme);

  enum class Step {
    need_more,  // read more bytes, append them, and call again
    head,       // request() is there; call again for the body
    complete,   // the body has passed
    refused,    // refusal() is the answer, and the connection can't go on
  };

  // Takes what it can off the front of `received`, and adds what of it is the body's data to `data` unless
  // that is null. After complete, reset() comes before the next request.
  Step step(std::string& received, std::string* data = nullptr);
  void reset();

  // After head: a body of so many bytes may come, instead of Limits::max_body.
  void allow_body(std::uint64_t most) { body_.allow(most); }
  // After head: the answer is there, and the connection can't go on.
  void refuse(Response response);

  Request& request() { return request_; }
  const Request& request() const { return request_; }
  Response& refusal() { return *refusal_; }
  bool keep_alive() const { return keep_alive_; }
  // The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  // Whether nothing of a request has arrived yet.
  bool idle() const { return phase_ == Phase::head && !started_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;
  enum class Phase { head, body, done };

  Step step_head(std::string& received);
  Step step_body(std::string& received, std::string* data);
  Step refuse(unsigned status, std::string_view detail);
  std::size_t put(std::string_view bytes, boost::system::error_code& error);
  // nullopt if the head is fine.
  std::optional<Step> check_framing(std::string_view head);
  std::optional<Step> check_coding(std::string_view codings);
  std::optional<Step> take_request();

  const Limits& limits_;
  std::string scheme_;
  Phase phase_ = Phase::head;
  bool started_ = false;
  std::size_t scanned_ = 0;  // of the head, for the next look for its end
  std::unique_ptr<Parser> parser_;
  Http1Body body_ = Http1Body::of_length(0, 0);
  Request request_;
  std::optional<Response> refusal_;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
};

}  // namespace wheelbarrow::http
