// One event loop with its thread, its listening sockets and its connections. Private to this room.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
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
  Limits limits;
  // Of new connections; OpenSSL counts who uses it. Null if there is no TLS.
  std::atomic<std::shared_ptr<SSL_CTX>> tls;
  ConnectionCount connections;
  boost::asio::thread_pool readers{2};
};

class Loop {
 public:
  explicit Loop(SharedState& shared);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& context() { return context_; }
  // REQUIRES: the thread doesn't run yet. The acceptor is one of context().
  void add(Acceptor acceptor, bool secure);
  void start();

  // From any thread: stop accepting and let running requests finish; end all connections; end the loop.
  void drain();
  void cut();
  void abandon() { context_.stop(); }
  // Whether the loop ended by then: it does when nothing is left to do after drain().
  bool wait_until(std::chrono::steady_clock::time_point time);
  void wait() { end_.wait(); }

 private:
  boost::asio::awaitable<void> accept(Acceptor& acceptor, bool secure);
  void serve(Socket socket, bool secure);
  void refuse(const char* limit, const Peer& peer);
  void run();

  SharedState& shared_;
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
