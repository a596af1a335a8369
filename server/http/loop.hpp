// One event loop with its thread, its listening sockets and its connections. Private to this room.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <future>
#include <list>
#include <memory>
#include <thread>
#include <unordered_set>

#include "http/connection.hpp"
#include "http/server.hpp"

namespace wheelbarrow::http {

// What all loops of a server share. Nothing in it changes but the count.
struct SharedState {
  Handler handler;
  Limits limits;
  SSL_CTX* tls = nullptr;
  std::atomic<std::size_t> connections = 0;
};

class Loop {
 public:
  explicit Loop(SharedState& shared);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& context() { return context_; }
  // REQUIRES: the thread doesn't run yet. The acceptor is one of context().
  void add(boost::asio::ip::tcp::acceptor acceptor, bool secure);
  void start();

  // From any thread: stop accepting and let running requests finish; end all connections; end the loop.
  void drain();
  void cut();
  void abandon() { context_.stop(); }
  // Whether the loop ended by then: it does when nothing is left to do after drain().
  bool wait_until(std::chrono::steady_clock::time_point time);
  void wait() { end_.wait(); }

 private:
  boost::asio::awaitable<void> accept(boost::asio::ip::tcp::acceptor& acceptor, bool secure);
  void serve(boost::asio::ip::tcp::socket socket, bool secure);
  void run();

  SharedState& shared_;
  Scratch scratch_;
  std::unordered_set<Connection*> connections_;
  std::chrono::steady_clock::time_point last_complaint_;
  // Destroyed before what its coroutines refer to, and after what refers to it.
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::list<boost::asio::ip::tcp::acceptor> acceptors_;
  bool draining_ = false;
  std::promise<void> ended_;
  std::future<void> end_;
  std::thread thread_;
};

}  // namespace wheelbarrow::http
