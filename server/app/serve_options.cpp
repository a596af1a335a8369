#include "app/serve_options.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <limits>
#include <string>
#include <thread>

#include "app/bundle_options.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"

namespace wheelbarrow::app {
namespace {

// What a client may cost (see http::Limits).
void add_limits(CLI::App& app, http::Limits& limits) {
  const auto number = [&](const char* name, auto& value, const char* help, const char* environment) {
    app.add_option(name, value, help)
        ->type_name("N")
        ->envname(environment)
        ->check(CLI::Range(1, std::numeric_limits<int>::max()))
        ->capture_default_str();
  };
  number("--max-connections", limits.max_connections, "open connections; more are closed at once",
         "WHEELBARROW_MAX_CONNECTIONS");
  number("--max-connections-per-address", limits.max_connections_per_address,
         "open connections of an IPv4 address or an IPv6 /64; more are closed at once",
         "WHEELBARROW_MAX_CONNECTIONS_PER_ADDRESS");
  number("--max-connection-memory", limits.max_connection_memory,
         "bytes of the requests that one HTTP/2 connection holds; one beyond is reset",
         "WHEELBARROW_MAX_CONNECTION_MEMORY");
  number("--max-concurrent-streams", limits.max_concurrent_streams,
         "requests at a time on one HTTP/2 connection; more are refused",
         "WHEELBARROW_MAX_CONCURRENT_STREAMS");
  number("--max-target", limits.max_target, "bytes of a request's path and query; more is 414",
         "WHEELBARROW_MAX_TARGET");
  number("--max-header-list", limits.max_header_list, "bytes of a request's header fields; more is 431",
         "WHEELBARROW_MAX_HEADER_LIST");
  number("--max-body", limits.max_body, "bytes of a request's body; more is 413", "WHEELBARROW_MAX_BODY");
  number("--max-resets", limits.max_resets,
         "HTTP/2 streams reset by one connection within a minute; more end it", "WHEELBARROW_MAX_RESETS");
  number("--max-control-frames", limits.max_control_frames,
         "HTTP/2 frames of one connection within a minute that carry nothing; more end it",
         "WHEELBARROW_MAX_CONTROL_FRAMES");
  number("--max-continuations", limits.max_continuations,
         "CONTINUATION frames of one header section; more end the connection",
         "WHEELBARROW_MAX_CONTINUATIONS");
  // Counted by the clock as well, so nothing near the end of its range.
  const auto seconds = [&](const char* name, std::chrono::seconds& value, const char* help,
                           const char* environment) {
    app.add_option_function<unsigned>(
           name, [&value](const unsigned& given) { value = std::chrono::seconds(given); }, help)
        ->type_name("SECONDS")
        ->envname(environment)
        ->check(CLI::Range(1, 86'400))
        ->default_str(std::to_string(value.count()));
  };
  seconds("--handshake-timeout", limits.handshake_timeout, "for the TLS handshake",
          "WHEELBARROW_HANDSHAKE_TIMEOUT");
  seconds("--header-timeout", limits.header_timeout, "for a request to arrive, once it has begun",
          "WHEELBARROW_HEADER_TIMEOUT");
  seconds("--idle-timeout", limits.idle_timeout, "for a connection without a request",
          "WHEELBARROW_IDLE_TIMEOUT");
  seconds("--write-timeout", limits.write_timeout, "for a client that takes nothing of what it asked for",
          "WHEELBARROW_WRITE_TIMEOUT");
}

void add_options(CLI::App& app, ServeOptions& options) {
  app.set_config("--config", "", "configuration file (TOML) with these options by their long names")
      ->envname("WHEELBARROW_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);
  const auto text = [&](const char* name, std::string& value, const char* help, const char* type,
                        const char* environment) {
    return app.add_option(name, value, help)->type_name(type)->envname(environment);
  };
  const auto list = [&](const char* name, std::vector<std::string>& values, const char* help,
                        const char* type, const char* environment) {
    return app.add_option(name, values, help)->type_name(type)->envname(environment);
  };
  list("--wheels", options.wheels, "folders of wheels, searched recursively; may be repeated", "DIR",
       "WHEELBARROW_WHEELS");
  text("--data", options.data, "folder that the server writes to (default: below $XDG_CACHE_HOME)", "DIR",
       "WHEELBARROW_DATA");
  add_data_budget(app, options.data_budget, "20G")->envname("WHEELBARROW_DATA_BUDGET");
  text("--pyodide", options.pyodide,
       "Pyodide distribution: pyodide-lock.json beside its files; served at /pyodide/", "DIR",
       "WHEELBARROW_PYODIDE");
  list("--static", options.statics,
       "folder to serve as it is, below a prefix if one is given; may be repeated", "DIR[:/prefix]",
       "WHEELBARROW_STATIC");
  list("--listen", options.listen,
       "TLS address, HTTP/2 and HTTP/1.1 (default: localhost:8443); may be repeated", "ADDR:PORT|unix:PATH",
       "WHEELBARROW_LISTEN");
  list("--listen-plain", options.listen_plain,
       "clear-text address, HTTP/2 with prior knowledge and HTTP/1.1; may be repeated", "ADDR:PORT|unix:PATH",
       "WHEELBARROW_LISTEN_PLAIN");
  text("--admin", options.admin, "clear-text address of /healthz, /readyz and /metrics",
       "ADDR:PORT|unix:PATH", "WHEELBARROW_ADMIN");
  auto* const certificate = text("--tls-cert", options.tls_certificate,
                                 "certificate chain, PEM (default: a self-signed one in the data folder)",
                                 "FILE", "WHEELBARROW_TLS_CERT");
  text("--tls-key", options.tls_key, "its private key, PEM", "FILE", "WHEELBARROW_TLS_KEY")
      ->needs(certificate);
  text("--target", options.target, "environment of requests that name none, see 'wheelbarrow targets'",
       "NAME", "WHEELBARROW_TARGET");
  list("--define-target", options.defined_targets,
       "another environment: Python and platform tags, best first, or a pyodide-lock.json; may be repeated",
       "NAME=PYTHON:TAG,...|NAME=FILE", "WHEELBARROW_DEFINE_TARGET");
  text("--base-url", options.base_url, "address that clients reach this server at (default: as they ask)",
       "URL", "WHEELBARROW_BASE_URL");
  options.bytecode.add_options(
      app,
      "byte-compiled modules in bundles whose request says nothing of them: beside their "
      "sources or instead of them; off where nothing can compile",
      true);
  const auto number = [&](const char* name, auto& value, const char* help, const char* environment) {
    return app.add_option(name, value, help)->type_name("N")->envname(environment);
  };
  number("--threads", options.threads, "event loops (default: one per core)", "WHEELBARROW_THREADS")
      ->check(CLI::Range(1, 1024));
  number("--build-threads", options.build_threads, "threads that unpack and compress (default: one per core)",
         "WHEELBARROW_BUILD_THREADS")
      ->check(CLI::Range(1, 1024));
  number("--build-queue", options.build_queue, "different answers being made at a time; more get 503",
         "WHEELBARROW_BUILD_QUEUE")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_max_part(app, options.max_part)->envname("WHEELBARROW_MAX_PART");
  add_limits(app, options.http_limits);
  number("--drain-timeout", options.drain_timeout,
         "seconds that running requests have to finish after SIGTERM or SIGINT; a second signal ends at once",
         "WHEELBARROW_DRAIN_TIMEOUT")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  number("--max-wheel-entries", options.wheel_limits.max_entries,
         "files in a wheel; one with more is refused", "WHEELBARROW_MAX_WHEEL_ENTRIES")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  number("--max-wheel-size", options.wheel_limits.max_unpacked_size, "unpacked bytes of a wheel, likewise",
         "WHEELBARROW_MAX_WHEEL_SIZE")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  number("--max-file-size", options.wheel_limits.max_entry_size,
         "unpacked bytes of one file in a wheel, likewise", "WHEELBARROW_MAX_FILE_SIZE")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "what to log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->type_name("debug|info|warn|error|off")
      ->envname("WHEELBARROW_LOG_LEVEL")
      ->capture_default_str();
}

// CLI11 lets a configuration file win over the environment. Here the environment wins, so what it says joins
// the words of the command line, unless they say it already.
Arguments with_environment(const CLI::App& app, Arguments arguments) {
  Arguments more;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const bool given = std::ranges::any_of(arguments, [&](const std::string& argument) {
      return argument == name || argument.starts_with(name + '=');
    });
    if (option->get_envname().empty() || given) continue;
    if (const char* const value = std::getenv(option->get_envname().c_str()))
      more.push_back(name + '=' + value);
  }
  std::ranges::move(more, std::back_inserter(arguments));
  return arguments;
}

}  // namespace

std::string default_data_folder() {
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
    return std::filesystem::path(cache) / "wheelbarrow" / "data";
  }
  const char* const home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / ".cache" / "wheelbarrow" / "data";
}

CLI::Option* add_data_budget(CLI::App& app, std::uint64_t& budget, const std::string& by_default) {
  return app
      .add_option(
          "--data-budget", budget,
          "bytes of layers, coded forms and copies to keep at most; what was used longest ago goes first, "
          "layers last; 0: no limit (default: " +
              by_default + ")")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
}

std::optional<int> parse_serve_options(const Arguments& arguments, ServeOptions& options) {
  CLI::App app("Serve bundles, wheels and an app over HTTP/2", "wheelbarrow serve");
  add_options(app, options);
  if (const auto code = parse(app, with_environment(app, arguments))) return code;
  if (options.wheels.empty()) {
    print_failure({ErrorKind::invalid_input, "serve needs at least one --wheels DIR", {}});
    return exit_usage;
  }
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    print_failure({ErrorKind::invalid_input, "--tls-cert and --tls-key go together", {}});
    return exit_usage;
  }
  if (options.data.empty()) options.data = default_data_folder();
  if (options.listen.empty() && options.listen_plain.empty()) options.listen = {"localhost:8443"};
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  if (options.threads == 0) options.threads = cores;
  if (options.build_threads == 0) options.build_threads = cores;
  while (options.base_url.ends_with('/')) {
    options.base_url.pop_back();
  }
  return std::nullopt;
}

}  // namespace wheelbarrow::app
