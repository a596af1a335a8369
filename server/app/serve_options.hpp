// The options of `serve`, and what must be true of them together.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/access_log.hpp"
#include "app/bytecode_options.hpp"
#include "app/command.hpp"
#include "app/configuration.hpp"
#include "app/confinement.hpp"
#include "app/dev_options.hpp"
#include "app/front_options.hpp"
#include "app/log.hpp"
#include "app/origin_options.hpp"
#include "app/upload_options.hpp"
#include "bundle/parts.hpp"
#include "http/server.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::app {

// The commands that serve.
enum class ServeKind { serve, dev };

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
  FrontOptions front;
  OriginOptions origin;
  UploadOptions upload;
  BytecodeOptions bytecode;
  unsigned threads = 0;        // event loops; 0: one per core
  unsigned build_threads = 0;  // 0: one per core
  std::size_t build_queue = 256;
  std::uint64_t max_part = bundle::default_max_part;  // coded bytes
  unsigned drain_timeout = 10;                        // seconds
  bool cross_origin_isolation = false;
  std::optional<DevOptions> dev;  // of the command dev
  LogOptions log;
  AccessLogOptions access_log;
  ConfinementOptions confinement;
  wheelhouse::WheelLimits wheel_limits;
  http::Limits http_limits;
};

// Where the server writes to if nobody says.
std::string default_data_folder();

// --data-budget, in bytes with or without a unit.
CLI::Option* add_data_budget(CLI::App& app, std::uint64_t& budget, const std::string& by_default);

class ServeConfiguration {
 public:
  explicit ServeConfiguration(ServeKind kind = ServeKind::serve);

  // See Configuration::read(). Also refuses what contradicts itself.
  Result<bool> read(const Arguments& arguments);
  // What is named and not there: folders, the certificate. Starting would fail.
  std::vector<Error> missing() const;
  // Whether the files that are named can be used: the certificate and its key, tokens, allowed sets.
  // REQUIRES: they are there.
  Result<void> check_files() const;

  ServeKind kind() const { return options_.dev ? ServeKind::dev : ServeKind::serve; }
  const ServeOptions& options() const { return options_; }
  const Configuration& configuration() const { return configuration_; }

 private:
  Result<void> check() const;
  Result<void> check_upload() const;
  void fill_in();

  ServeOptions options_;
  CLI::App app_;  // knows where in options_ values go
  Configuration configuration_;
};

}  // namespace wheelbarrow::app
