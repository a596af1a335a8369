// HTTP/1.1 and 1.0 (RFC 9112): one request after another on one connection. Private to this room.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <string>

#include "http/http1_reader.hpp"
#include "http/output.hpp"
#include "http/rope_cursor.hpp"
#include "http/session.hpp"
#include "http/watchdog.hpp"

namespace wheelbarrow::http {

class Http1Session final : public Session {
 public:
  explicit Http1Session(SessionContext context);

  boost::asio::awaitable<void> run(std::string received) override;
  void drain() override;
  void close() override;

 private:
  // Why there is a deadline now.
  enum class Waiting { for_request, for_head, for_body, for_handler, for_socket, for_end };

  Watchdog::Clock::time_point due() const;
  void expired();
  // Null where the end of the waiting is nothing to speak of.
  const char* reason_to_end() const;
  void wait_for(Waiting what);
  // False when the connection is over without another request.
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> read_more();
  boost::asio::awaitable<bool> read_body();
  // Adds it to the request's BodyFile. False when that can't be, which is a refusal.
  boost::asio::awaitable<bool> store_body(std::string data);
  // Nothing if the client left meanwhile.
  boost::asio::awaitable<ReadyResponse> run_handler();
  // Returns when the client has gone.
  boost::asio::awaitable<void> watch_client();
  boost::asio::awaitable<bool> send(const Response& response, RopeCursor& body, bool keep_alive);
  boost::asio::awaitable<bool> send_body(RopeCursor& body, Output& output);
  // `sent`: bytes of the body.
  void observe(const Response* response, std::size_t sent, Watchdog::Clock::time_point begun) const;
  // Reads what a slow disk has to give before the loop would wait for it.
  boost::asio::awaitable<void> read_ahead(const Slice& slice);
  boost::asio::awaitable<void> linger();

  SessionContext context_;
  Http1Reader reader_;
  std::string received_;
  Waiting waiting_ = Waiting::for_request;
  Watchdog::Clock::time_point since_ = Watchdog::Clock::now();
  bool draining_ = false;
  bool refused_ = false;
  bool closed_ = false;
  boost::asio::steady_timer parked_;
  Watchdog watchdog_;
};

}  // namespace wheelbarrow::http
