// What `wheelbarrow dev` does otherwise than serve.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "http/server.hpp"

namespace wheelbarrow::app {

struct ServeOptions;

struct DevOptions {
  std::string folder = ".";
  bool live_reload = false;
  bool quiet = false;

  // Words only: no file says which folder is worked on.
  void add_options(CLI::App& app);
  // What the options are that nobody gave. The app's folder is added to those that were given.
  void complete(ServeOptions& options) const;

  // Looked into before other folders of wheels, while they are there.
  std::vector<std::filesystem::path> wheels() const;

  // Prints where the server is and, unless it is empty, how to trust the certificate that it made for itself.
  void greet(const http::Server& server, const std::filesystem::path& own_certificate) const;
};

}  // namespace wheelbarrow::app
