// A client that behaves, beside one that doesn't: it must not notice.
#pragma once

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>

namespace wheelbarrow::http {

// Asks for /hello again and again on one connection of its own, as long as it lives.
class Bystander {
 public:
  explicit Bystander(unsigned short port);
  ~Bystander();
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  // Stops, and says what it noticed: nothing if every answer came and each within two seconds.
  std::string finish();

 private:
  void ask(const std::stop_token& stop, unsigned short port);

  std::string noticed_;  // the thread's until it has ended
  std::atomic<int> answers_ = 0;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

}  // namespace wheelbarrow::http
