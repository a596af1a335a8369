// The options of `serve`: flags, the environment and the configuration file, in falling precedence.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/bytecode_options.hpp"
#include "app/command.hpp"
#include "bundle/parts.hpp"
#include "http/server.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::app {

struct ServeOptions {
  std::vector<std::string> wheels;
  std::string data;
  // Bytes of blobs; 0: no limit. Without one, clients could fill the disk with sets and deltas.
  std::uint64_t data_budget = std::uint64_t{20} * 1024 * 1024 * 1024;
  std::string pyodide;
  std::vector<std::string> statics;
  std::vector<std::string> listen;
  std::vector<std::string> listen_plain;
  std::string admin;
  std::string tls_certificate;
  std::string tls_key;
  std::string target;
  std::vector<std::string> defined_targets;
  std::string base_url;
  BytecodeOptions bytecode;
  unsigned threads = 0;        // event loops; 0: one per core
  unsigned build_threads = 0;  // 0: one per core
  std::size_t build_queue = 256;
  std::uint64_t max_part = bundle::default_max_part;  // coded bytes
  unsigned drain_timeout = 10;                        // seconds
  std::string log_level = "info";
  wheelhouse::WheelLimits wheel_limits;
  http::Limits http_limits;
};

// Where the server writes to if nobody says.
std::string default_data_folder();

// --data-budget, in bytes with or without a unit.
CLI::Option* add_data_budget(CLI::App& app, std::uint64_t& budget, const std::string& by_default);

// Fills `options`. The exit code if the command ends here; what is wrong has been printed.
std::optional<int> parse_serve_options(const Arguments& arguments, ServeOptions& options);

}  // namespace wheelbarrow::app
