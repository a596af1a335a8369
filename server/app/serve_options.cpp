#include "app/serve_options.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "app/bundle_options.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"
#include "app/service_manager.hpp"
#include "app/size_option.hpp"
#include "http/bearer_token.hpp"
#include "routes/static_mount.hpp"
#include "routes/targets.hpp"

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
       "TLS address, HTTP/2 and HTTP/1.1 (default: localhost:8443); may be repeated",
       "ADDR:PORT|unix:PATH|systemd:NAME[+proxy]", "WHEELBARROW_LISTEN");
  list("--listen-plain", options.listen_plain,
       "clear-text address, HTTP/2 with prior knowledge and HTTP/1.1; may be repeated; +proxy: connections "
       "begin "
       "with a PROXY protocol header, there and in --listen",
       "ADDR:PORT|unix:PATH|systemd:NAME[+proxy]", "WHEELBARROW_LISTEN_PLAIN");
  text("--admin", options.admin, "clear-text address of /healthz, /readyz and /metrics",
       "ADDR:PORT|unix:PATH|systemd:NAME", "WHEELBARROW_ADMIN");
  text("--tls-cert", options.tls_certificate,
       "certificate chain, PEM (default: a self-signed one in the data folder)", "FILE",
       "WHEELBARROW_TLS_CERT");
  text("--tls-key", options.tls_key, "its private key, PEM", "FILE", "WHEELBARROW_TLS_KEY");
  text("--target", options.target, "environment of requests that name none, see 'wheelbarrow targets'",
       "NAME", "WHEELBARROW_TARGET");
  list("--define-target", options.defined_targets,
       "another environment: Python and platform tags, best first, or a pyodide-lock.json; may be repeated",
       "NAME=PYTHON:TAG,...|NAME=FILE", "WHEELBARROW_DEFINE_TARGET");
  text("--base-url", options.base_url, "address that clients reach this server at (default: as they ask)",
       "URL", "WHEELBARROW_BASE_URL");
  options.front.add_options(app);
  options.origin.add_options(app);
  options.upload.add_options(app);
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
  options.confinement.add_options(app);
  app.add_flag("--cross-origin-isolation", options.cross_origin_isolation,
               "pages may use shared memory: Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy")
      ->envname("WHEELBARROW_CROSS_ORIGIN_ISOLATION");
  options.log.add_options(app);
  options.access_log.add_options(app);
}

// A CLI11 check: what is wrong, or nothing.
template <class T>
std::string complaint(const Result<T>& result) {
  return result ? std::string() : result.error().text();
}

std::string check_base_url(const std::string& text) {
  const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  const bool good = scheme > 0 && text.size() > scheme &&
                    text.find_first_of(" \t\r\n?#\"<>\\") == text.npos && text[scheme] != '/';
  return good ? ""
              : "'" + text + "' is no address like https://wheels.example.org or https://example.org/wheels";
}

void add_checks(CLI::App& app) {
  for (const char* const name : {"--listen", "--listen-plain", "--admin"}) {
    app.get_option(name)->check([](const std::string& text) {
      return ServiceManager::opens(text) ? std::string() : complaint(http::check_listener(text));
    });
  }
  for (CLI::Option* const option : app.get_options()) {
    if (const std::string type = option->get_type_name();
        type.starts_with("N:") || type.starts_with("SECONDS:"))
      option->transform(CLI::Validator([](const std::string& text) { return check_number(text, true); }, ""));
  }
  app.get_option("--base-url")->check(check_base_url);
  app.get_option("--define-target")->check([](const std::string& text) {
    return complaint(routes::define_target(text));
  });
  app.get_option("--trusted-proxy")->check([](const std::string& text) {
    return complaint(http::Networks::parse({text}));
  });
  app.get_option("--strip-prefix")->check([](const std::string& text) {
    FrontOptions front;
    front.strip_prefix = text;
    return complaint(front.front());
  });
  app.get_option("--cache-control")->check([](const std::string& text) {
    return complaint(routes::CachePolicy().set_control(text));
  });
  app.get_option("--cdn-cache-control")->check([](const std::string& text) {
    return complaint(routes::CachePolicy().set_cdn(text));
  });
}

// An address that only one can listen on.
bool is_particular(const std::string& listener) {
  return !listener.ends_with(":0");
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
  return take_size(app.add_option(
      "--data-budget", budget,
      "bytes of layers, coded forms and copies to keep at most; what was used longest ago goes first, "
      "layers last; 0: no limit (default: " +
          by_default + ")"));
}

ServeConfiguration::ServeConfiguration(ServeKind kind)
    : app_("Serve bundles, wheels and an app over HTTP/2", "wheelbarrow serve"), configuration_(app_) {
  if (kind == ServeKind::dev) {
    app_.name("wheelbarrow dev");
    app_.description(
        "Serve the app in a folder, with the wheels in its folders wheels and dist, to who works on it: what "
        "has changed is there with the next request. Takes the options of serve");
    options_.dev.emplace().add_options(app_);
  }
  add_options(app_, options_);
  add_checks(app_);
}

Result<bool> ServeConfiguration::read(const Arguments& arguments) {
  Result<bool> going_on = configuration_.read(arguments);
  if (!going_on || !*going_on) return going_on;
  if (auto good = check(); !good) return std::unexpected(good.error());
  fill_in();
  return true;
}

Result<void> ServeConfiguration::check() const {
  const ServeOptions& given = options_;
  if (given.wheels.empty() && !given.dev) {
    return fail(ErrorKind::invalid_input,
                "at least one folder of wheels is needed: --wheels DIR, or wheels = [\"DIR\"]");
  }
  if (given.tls_key.empty() != given.tls_certificate.empty()) {
    return given.tls_key.empty() ? configuration_.refuse("tls-cert", "needs its key, --tls-key")
                                 : configuration_.refuse("tls-key", "needs its certificate, --tls-cert");
  }
  if (!given.tls_certificate.empty() && given.listen.empty() && !given.listen_plain.empty())
    return configuration_.refuse("tls-cert", "nothing listens with TLS; add --listen, or leave it out");
  if (given.wheel_limits.max_entry_size > given.wheel_limits.max_unpacked_size) {
    return configuration_.refuse("max-file-size", "is more than max-wheel-size, which a file counts for");
  }
  if (auto good = check_upload(); !good) return good;
  std::vector<std::string> taken = given.listen;
  const auto take = [&](const std::vector<std::string>& listeners, const char* name) -> Result<void> {
    for (const std::string& listener : listeners) {
      if (is_particular(listener) && std::ranges::find(taken, listener) != taken.end())
        return configuration_.refuse(name, "'" + listener + "' is listened on already");
      taken.push_back(listener);
    }
    return {};
  };
  if (auto good = take(given.listen_plain, "listen-plain"); !good) return good;
  return given.admin.empty() ? Result<void>() : take({given.admin}, "admin");
}

Result<void> ServeConfiguration::check_upload() const {
  const UploadOptions& upload = options_.upload;
  if (upload.token.empty()) {
    return upload.folder.empty() ? Result<void>()
                                 : configuration_.refuse("upload-folder", "needs --upload-token");
  }
  const std::vector<std::string>& wheels = options_.wheels;
  if (wheels.empty()) return configuration_.refuse("upload-token", "needs a folder for wheels, --wheels");
  namespace fs = std::filesystem;
  const auto real = [](const fs::path& path) {
    std::error_code error;
    return fs::weakly_canonical(path, error);
  };
  const bool served = upload.folder.empty() || std::ranges::any_of(wheels, [&](const std::string& folder) {
                        const fs::path relative = real(upload.folder).lexically_relative(real(folder));
                        return !relative.empty() && *relative.begin() != "..";
                      });
  if (served) return {};
  return configuration_.refuse("upload-folder",
                               "is neither one of --wheels nor below it, so nothing would be served");
}

// The defaults that depend on the machine or on other options.
void ServeConfiguration::fill_in() {
  if (options_.dev) options_.dev->complete(options_);
  const auto set = [this](const char* name, auto& value, const auto& otherwise, const std::string& text) {
    if (value == std::remove_cvref_t<decltype(value)>()) value = otherwise;
    app_.get_option(name)->default_str(text);
  };
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  set("--threads", options_.threads, cores, std::to_string(cores));
  set("--build-threads", options_.build_threads, cores, std::to_string(cores));
  if (!options_.bytecode.runtime)
    options_.bytecode.runtime = options_.dev ? bundle::BytecodeMode::beside : bundle::BytecodeMode::instead;
  app_.get_option("--runtime-bytecode")
      ->default_str(std::string(bundle::name_of(*options_.bytecode.runtime)));
  set("--data", options_.data, default_data_folder(), default_data_folder());
  if (!options_.upload.token.empty())
    set("--upload-folder", options_.upload.folder, options_.wheels.front(), options_.wheels.front());
  app_.get_option("--max-upload")->default_str(std::to_string(UploadOptions().max_size));
  if (options_.listen_plain.empty())
    set("--listen", options_.listen, std::vector<std::string>{"localhost:8443"}, "localhost:8443");
  app_.get_option("--data-budget")->default_str(std::to_string(ServeOptions().data_budget));
  while (options_.base_url.ends_with('/')) {
    options_.base_url.pop_back();
  }
}

std::vector<Error> ServeConfiguration::missing() const {
  namespace fs = std::filesystem;
  std::vector<Error> missing;
  const auto look = [&](const char* name, const std::string& path, auto is_there, const char* what) {
    std::error_code ignored;
    if (path.empty() || is_there(fs::path(path), ignored)) return;
    missing.push_back(
        configuration_.refuse(name, std::string("there is no ") + what + " '" + path + "'").error());
  };
  const auto folder = [](const fs::path& path, std::error_code& error) {
    return fs::is_directory(path, error);
  };
  const auto file = [](const fs::path& path, std::error_code& error) { return fs::exists(path, error); };
  for (const std::string& wheels : options_.wheels) {
    look("wheels", wheels, folder, "folder");
  }
  look("pyodide", options_.pyodide, folder, "folder");
  for (const std::string& text : options_.statics) {
    if (const auto mount = routes::parse_static_mount(text); !mount)
      look("static", mount.error().where, folder, "folder");
  }
  look("tls-cert", options_.tls_certificate, file, "file");
  look("tls-key", options_.tls_key, file, "file");
  look("bundle-token", options_.origin.token, file, "file");
  look("allowed-sets", options_.origin.allowed_sets, file, "file");
  look("upload-token", options_.upload.token, file, "file");
  look("upload-folder", options_.upload.folder, folder, "folder");
  return missing;
}

Result<void> ServeConfiguration::check_files() const {
  const ServeOptions& given = options_;
  if (!given.tls_certificate.empty()) {
    if (auto good = http::check_certificate(given.tls_certificate, given.tls_key); !good) return good;
  }
  if (!given.upload.token.empty()) {
    if (const auto token = http::BearerToken::read(given.upload.token); !token)
      return std::unexpected(token.error());
  }
  routes::RouterOptions ignored;
  return given.origin.apply(ignored);
}

}  // namespace wheelbarrow::app
