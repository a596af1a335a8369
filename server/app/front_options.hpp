// What stands in front of the server: whom it believes, where it begins in public addresses.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/server.hpp"

namespace wheelbarrow::app {

struct FrontOptions {
  std::vector<std::string> trusted;
  std::string fields = "x-forwarded";
  std::string strip_prefix;

  void add_options(CLI::App& app);
  Result<http::Front> front() const;
};

}  // namespace wheelbarrow::app
