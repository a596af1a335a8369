#include "http/bystander.hpp"

#include <chrono>

#include "http/raw_client.hpp"

namespace wheelbarrow::http {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Bystander::Bystander(unsigned short port)
    : thread_([this, port](const std::stop_token& stop) { ask(stop, port); }) {
  // Its connection is there before any other one of the test.
  answers_.wait(0);
}

Bystander::~Bystander() {
  finish();
}

void Bystander::ask(const std::stop_token& stop, unsigned short port) {
  RawClient client(port);
  while (!stop.stop_requested()) {
    const auto start = Clock::now();
    client.send("GET /hello HTTP/1.1\r\nHost: bystander\r\n\r\n");
    const std::string answer = client.read_response();
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    if (noticed_.empty() && !answer.ends_with("\r\n\r\nhello\n")) noticed_ = "not answered: " + answer;
    if (noticed_.empty() && time > 2s) noticed_ = "answered after " + std::to_string(time.count()) + " ms";
    if (!noticed_.empty()) ended_ = true;
    ++answers_;
    answers_.notify_all();
    if (ended_) return;
    std::this_thread::sleep_for(1ms);
  }
}

std::string Bystander::finish() {
  // One more, asked after all that has happened.
  if (thread_.joinable()) {
    const int answers = answers_;
    const auto deadline = Clock::now() + 10s;
    while (answers_ < answers + 2 && !ended_ && Clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
    thread_.request_stop();
    thread_.join();
  }
  return noticed_;
}

}  // namespace wheelbarrow::http
