// A conformance case is one line of a table: its name, which begins with the section of the RFC it comes
// from; what the client does; and what must come of it. Each runs on a fresh connection to a server that the
// cases of a file share.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "http/test_server.hpp"

namespace wheelbarrow::http::conformance {

// What a client does and what it expects meanwhile, in order. A string is bytes to send; steps are joined by
// '+'.
template <class Conversation>
class Steps {
 public:
  using Step = std::function<void(Conversation&)>;

  Steps(std::string bytes)  // NOLINT(google-explicit-constructor): a table line reads as a list of steps
      : steps_{[bytes = std::move(bytes)](Conversation& conversation) { conversation.send(bytes); }} {}
  Steps(Step step) : steps_{std::move(step)} {}  // NOLINT(google-explicit-constructor): the same

  friend Steps operator+(Steps first, const Steps& second) {
    first.steps_.insert(first.steps_.end(), second.steps_.begin(), second.steps_.end());
    return first;
  }

  void run(Conversation& conversation) const {
    for (const Step& step : steps_) {
      step(conversation);
    }
  }

 private:
  std::vector<Step> steps_;
};

template <class Conversation>
struct Case {
  std::string name;
  Steps<Conversation> script;
  Steps<Conversation> outcome;

  friend std::ostream& operator<<(std::ostream& out, const Case& item) { return out << item.name; }
};

// The name as gtest allows it: "6.1 DATA on stream 0" is 6_1_DATA_on_stream_0.
inline std::string test_name(const std::string& name) {
  std::string result;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) result += c;
    if (!plain && !result.ends_with('_')) result += '_';
  }
  while (result.ends_with('_')) {
    result.pop_back();
  }
  return result;
}

// The server that the cases of a test suite share.
class SharedServer {
 public:
  static void SetUpTestSuite() { server = std::make_unique<TestServer>(); }
  static void TearDownTestSuite() { server.reset(); }

 protected:
  static inline std::unique_ptr<TestServer> server;
};

template <class Conversation>
class Conformance : public SharedServer, public testing::TestWithParam<Case<Conversation>> {
 public:
  // Both bases have these.
  static void SetUpTestSuite() { SharedServer::SetUpTestSuite(); }
  static void TearDownTestSuite() { SharedServer::TearDownTestSuite(); }

  static std::string name(const testing::TestParamInfo<Case<Conversation>>& info) {
    return test_name(info.param.name);
  }

 protected:
  void run() {
    Conversation conversation(server->port());
    this->GetParam().script.run(conversation);
    this->GetParam().outcome.run(conversation);
    if (this->HasFailure()) {
      ADD_FAILURE() << this->GetParam().name << "\nThe server said:\n" << conversation.transcript();
    }
  }
};

}  // namespace wheelbarrow::http::conformance
