#include "app/serve_options.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <thread>

#include "app/parse.hpp"

namespace wheelbarrow::app {
namespace {

std::filesystem::path default_data_folder() {
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
    return std::filesystem::path(cache) / "wheelbarrow" / "data";
  }
  const char* const home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / ".cache" / "wheelbarrow" / "data";
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
  text("--pyodide", options.pyodide,
       "Pyodide distribution: pyodide-lock.json beside its files; served at /pyodide/", "DIR",
       "WHEELBARROW_PYODIDE");
  list("--static", options.statics,
       "folder to serve as it is, below a prefix if one is given; may be repeated", "DIR[:/prefix]",
       "WHEELBARROW_STATIC");
  list("--listen", options.listen,
       "TLS address, HTTP/2 and HTTP/1.1 (default: localhost:8443); may be repeated", "ADDR:PORT",
       "WHEELBARROW_LISTEN");
  list("--listen-plain", options.listen_plain,
       "clear-text address, HTTP/2 with prior knowledge and HTTP/1.1; may be repeated", "ADDR:PORT",
       "WHEELBARROW_LISTEN_PLAIN");
  text("--admin", options.admin, "clear-text address of /healthz, /readyz and /metrics", "ADDR:PORT",
       "WHEELBARROW_ADMIN");
  auto* const certificate = text("--tls-cert", options.tls_certificate,
                                 "certificate chain, PEM (default: a self-signed one in the data folder)",
                                 "FILE", "WHEELBARROW_TLS_CERT");
  text("--tls-key", options.tls_key, "its private key, PEM", "FILE", "WHEELBARROW_TLS_KEY")
      ->needs(certificate);
  text("--target", options.target, "environment of requests that name none, see 'wheelbarrow targets'",
       "NAME", "WHEELBARROW_TARGET");
  text("--base-url", options.base_url, "address that clients reach this server at (default: as they ask)",
       "URL", "WHEELBARROW_BASE_URL");
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
  number("--max-connections", options.http_limits.max_connections,
         "open connections; more are closed at once", "WHEELBARROW_MAX_CONNECTIONS")
      ->check(CLI::PositiveNumber)
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
