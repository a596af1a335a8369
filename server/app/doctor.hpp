// Looks at a server through its public address, as a browser meets it, and says what the way there breaks.
#pragma once

#include <string>
#include <vector>

#include "app/http_client.hpp"
#include "base/error.hpp"
#include "base/sha256.hpp"

namespace wheelbarrow::app {

struct Finding {
  std::string check;  // one word
  bool broken = false;
  std::string what;    // what was seen
  std::string remedy;  // what to change; empty if nothing is broken
};

class Doctor {
 public:
  // `base` has no slash at its end. The client outlives this.
  Doctor(HttpClient& client, std::string base, HttpClient::FieldList always)
      : client_(client), base_(std::move(base)), always_(std::move(always)) {}

  // Finds a set to ask for: these requirements, or if there are none the first project of the index that can
  // be had alone. An error if the server doesn't answer as one.
  Result<Finding> find_set(const std::vector<std::string>& requirements);

  // Every check, in a fixed order. REQUIRES: find_set() found one.
  std::vector<Finding> examine();

 private:
  using FieldList = HttpClient::FieldList;

  Result<Fetched> get(const std::string& path, FieldList fields = {}, const char* method = "GET");
  Result<Finding> try_set(const std::vector<std::string>& requirements);
  // The set's query, spelt in a way that no cache knows yet.
  std::string fresh_query();

  Result<Finding> links();
  Result<Finding> forgery();
  Result<Finding> bytes();
  Result<Finding> codings();
  Result<Finding> vary();
  Result<Finding> caching();
  Result<Finding> conditions();
  Result<Finding> ranges();
  Result<Finding> dictionaries();
  Result<Finding> cors();
  Result<Finding> errors();
  Result<Finding> long_addresses();
  Result<Finding> buffering();

  HttpClient& client_;
  std::string base_;
  FieldList always_;  // fields of every request
  std::vector<std::string> requirements_;
  std::string query_;   // "r=numpy"
  std::string bundle_;  // "/bundles/<sha256>.tar"
  Sha256 sha256_;
  std::size_t size_ = 0;  // of the bundle, uncoded
};

}  // namespace wheelbarrow::app
