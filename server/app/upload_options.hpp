// Who may put wheels into the wheelhouse over HTTP.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace wheelbarrow::app {

struct UploadOptions {
  std::string token;   // file; empty: nobody
  std::string folder;  // empty: the first folder of wheels
  std::uint64_t max_size = std::uint64_t{256} * 1024 * 1024;

  void add_options(CLI::App& app);
};

}  // namespace wheelbarrow::app
