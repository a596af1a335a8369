// One event loop with its thread, its listening sockets and its connections. Private to this room.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <future>
#include <list>
#include <memory>
#include <thread>
#include <unordered_set>

#include "http/connection.hpp"
#include "http/http2_stream.hpp"
#include "http/listener.hpp"
#include "http/peer.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

// What all loops of a server share.
struct SharedState {
  Handler handler;
  std::atomic<std::shared_ptr<const Limits>> limits;  // of new connections
  Front front;
  // Of new connections; OpenSSL counts who uses it. Null if there is no TLS.
  std::atomic<std::shared_ptr<SSL_CTX>> tls;
  ConnectionCount connections;
  Observer observer;  // may be empty
  Receiver receiver;  // likewise
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> failed_handshakes = 0;
  boost::asio::thread_pool readers{2};
};

class Loop {
 public:
  Loop(SharedState& shared, unsigned index);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& context() { return context_; }
  // How connections of a listener begin.
  struct Kind {
    bool secure = false;   // with TLS
    bool proxied = false;  // with a PROXY protocol header, before that
  };
  // REQUIRES: the thread doesn't run yet. The acceptor is one of context().
  void add(Acceptor acceptor, Kind kind);
  void start();

  // From any thread: stop accepting and let running requests finish; end all connections; end the loop.
  void drain();
  void cut();
  void abandon() { context_.stop(); }
  // Whether the loop ended by then: it does when nothing is left to do after drain().
  bool wait_until(std::chrono::steady_clock::time_point time);
  void wait() { end_.wait(); }

 private:
  boost::asio::awaitable<void> accept(Acceptor& acceptor, Kind kind);
  void serve(Socket socket, Kind kind);
  void refuse(const char* limit, const Peer& peer);
  void run();

  SharedState& shared_;
  unsigned index_;
  Scratch scratch_;
  Http2Streams streams_;
  std::unordered_set<Connection*> connections_;
  std::chrono::steady_clock::time_point last_complaint_;
  // Destroyed before what its coroutines refer to, and after what refers to it.
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::list<Acceptor> acceptors_;
  bool draining_ = false;
  std::promise<void> ended_;
  std::future<void> end_;
  std::thread thread_;
};

}  // namespace wheelbarrow::http
