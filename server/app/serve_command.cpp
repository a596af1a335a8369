#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>

#include "app/metrics.hpp"
#include "app/parse.hpp"
#include "app/serve_options.hpp"
#include "bundle/engine.hpp"
#include "http/problem.hpp"
#include "http/server.hpp"
#include "routes/router.hpp"
#include "routes/static_mount.hpp"
#include "routes/targets.hpp"
#include "store/store.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace {

using CatalogPtr = std::shared_ptr<const wheelhouse::Catalog>;

// Logs what a catalog holds, and of its refusals those that weren't there before.
class CatalogLog {
 public:
  CatalogLog(const wheelhouse::Wheelhouse& wheelhouse, std::string target)
      : wheelhouse_(wheelhouse), target_(std::move(target)) {}

  void operator()(const CatalogPtr& catalog) {
    std::set<std::string> refused;
    for (const wheelhouse::Refusal& refusal : catalog->refusals()) {
      std::string line = refusal.path.native() + " reason=" + refusal.reason;
      if (!refused_.contains(line)) spdlog::warn("wheel refused  file={}", line);
      refused.insert(std::move(line));
    }
    refused_ = std::move(refused);
    spdlog::info("catalog loaded  wheels={} refused={} target={} read={}", catalog->wheels().size(),
                 catalog->refusals().size(),
                 target_.empty() ? routes::choose_default_target(*catalog).name() : target_,
                 wheelhouse_.last_scan().read);
  }

 private:
  const wheelhouse::Wheelhouse& wheelhouse_;
  std::string target_;  // of requests that name none; empty: chosen by the catalog
  std::set<std::string> refused_;
};

store::StoreOptions store_options(const ServeOptions& options) {
  return {.folder = fs::path(options.data) / "store",
          .damaged = [](const Error& damage) { spdlog::warn("blob dropped  reason={}", damage.text()); },
          .budget = options.data_budget,
          .over_budget =
              [](const Error& reason) { spdlog::warn("store over its budget  reason={}", reason.text()); }};
}

// What crashes left behind, and what a smaller budget leaves no room for; beside everything else.
void sweep(store::Store& store, const std::stop_token& stop) {
  const auto swept = store.collect(stop);
  if (!swept) {
    spdlog::warn("store not swept  reason={}", swept.error().text());
  } else if (swept->freed_bytes > 0 || swept->lost_names > 0 || swept->temporary_files > 0) {
    spdlog::info("store swept  freed-bytes={} evicted-blobs={} lost-names={}", swept->freed_bytes,
                 swept->evicted_blobs, swept->lost_names);
  }
}

Result<std::unique_ptr<wheelhouse::Wheelhouse>> open_wheelhouse(const ServeOptions& options) {
  wheelhouse::WheelhouseOptions wheelhouse;
  wheelhouse.folders.assign(options.wheels.begin(), options.wheels.end());
  if (!options.pyodide.empty()) wheelhouse.pyodide = options.pyodide;
  wheelhouse.database = fs::path(options.data) / "wheelhouse.sqlite";
  wheelhouse.limits = options.wheel_limits;
  wheelhouse.threads = options.build_threads;
  wheelhouse.progress = [](std::size_t read, std::size_t of) {
    spdlog::info("reading wheels  read={} of={}", read, of);
  };
  return wheelhouse::Wheelhouse::open(std::move(wheelhouse));
}

Result<routes::RouterOptions> router_options(const ServeOptions& options,
                                             const wheelhouse::Catalog& catalog) {
  routes::RouterOptions router;
  auto defined = routes::define_targets(options.defined_targets);
  if (!defined) return std::unexpected(defined.error());
  router.targets = std::move(*defined);
  router.default_target = options.target;
  router.base_url = options.base_url;
  router.bytecode = options.bytecode.mode;
  router.version = WHEELBARROW_VERSION;
  if (!options.target.empty()) {
    if (auto target = routes::find_target(catalog, options.target, router.targets); !target) {
      return std::unexpected(target.error());
    }
  }
  for (const std::string& text : options.statics) {
    auto mount = routes::parse_static_mount(text);
    if (!mount) return std::unexpected(mount.error());
    router.mounts.push_back(std::move(*mount));
  }
  if (!options.pyodide.empty()) router.mounts.push_back({options.pyodide, "/pyodide/"});
  return router;
}

Result<http::ServerOptions> server_options(const ServeOptions& options) {
  http::ServerOptions server;
  server.tls_listeners = options.listen;
  server.plain_listeners = options.listen_plain;
  server.threads = options.threads;
  server.limits = options.http_limits;
  server.certificate = options.tls_certificate;
  server.private_key = options.tls_key;
  if (!server.tls_listeners.empty() && options.tls_certificate.empty()) {
    server.certificate = fs::path(options.data) / "certificate.pem";
    server.private_key = fs::path(options.data) / "key.pem";
    auto made = http::make_self_signed_certificate(server.certificate, server.private_key);
    if (!made) return std::unexpected(made.error());
    spdlog::warn("self-signed certificate in use; browsers will ask  file={}", server.certificate.native());
  }
  return server;
}

http::Response answer_admin(const Metrics& metrics, store::Store& store, const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = http::problem(405, "the admin listener is only read: use GET or HEAD");
    response.fields.set("allow", "GET, HEAD");
    return response;
  }
  http::Response response;
  response.fields.set("cache-control", "no-store");
  response.fields.set("content-type", "text/plain; charset=utf-8");
  if (request.path == "/healthz") {
    response.body = {Slice::of_static("alive\n")};
  } else if (request.path == "/readyz") {
    // The catalog is loaded before anything listens.
    if (const auto writable = store.check_writable(); !writable) {
      return http::problem(503, "the store can't be written: " + writable.error().message);
    }
    response.body = {Slice::of_static("ready\n")};
  } else if (request.path == "/metrics") {
    response.fields.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = {Slice::of(metrics.text())};
  } else {
    return http::problem(404, "the admin listener has /healthz, /readyz and /metrics");
  }
  return response;
}

void note(Metrics& metrics, const http::Request& request, const http::Response& response) {
  metrics.count(request, response);
  spdlog::debug("request  method={} path={} status={} peer={}", request.method, request.path, response.status,
                request.peer);
}

boost::asio::awaitable<http::Response> noted(Metrics& metrics, const http::Request& request,
                                             boost::asio::awaitable<http::Response> answer) {
  http::Response response = co_await std::move(answer);
  note(metrics, request, response);
  co_return response;
}

void log_listeners(const http::Server& server) {
  const auto log = [](const char* scheme, const auto& endpoints) {
    for (const auto& endpoint : endpoints) {
      const std::string address = endpoint.address().to_string();
      spdlog::info("listening  url={}://{}:{}/", scheme,
                   endpoint.address().is_v6() ? "[" + address + "]" : address, endpoint.port());
    }
  };
  log("https", server.tls_endpoints());
  log("http", server.plain_endpoints());
  for (const auto& path : server.socket_files()) {
    spdlog::info("listening  path={}", path.native());
  }
}

// A connection is a descriptor, and the usual soft limit of 1024 is from another time. The hard limit is what
// an administrator has decided on.
void raise_descriptor_limit(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  std::ignore = ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < connections) {
    spdlog::warn("fewer descriptors than connections  descriptors={} max-connections={}", limit.rlim_max,
                 connections);
  }
}

int next_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

// Returns when the server is to stop. REQUIRES: the signals are blocked in every thread.
void wait_for_stop(const sigset_t& signals, http::Server& server) {
  int signal = next_signal(signals);
  for (; signal == SIGHUP; signal = next_signal(signals)) {
    if (const auto reloaded = server.reload_certificate(); reloaded) {
      spdlog::info("reloaded  signal=SIGHUP");
    } else {
      spdlog::warn("certificate not reloaded, the old one stays  reason={}", reloaded.error().text());
    }
  }
  spdlog::info("stopping  signal={}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

// Ends the process when another signal to stop comes, whatever is still being done. What is on disk stays
// whole: blobs are published by a rename.
void end_on_next_signal(const sigset_t& signals) {
  std::thread([signals] {
    while (next_signal(signals) == SIGHUP) {
    }
    spdlog::warn("stopped at once  reason=a second signal");
    std::_Exit(exit_failure);
  }).detach();
}

Result<void> serve(const ServeOptions& options, const sigset_t& signals) {
  raise_descriptor_limit(options.http_limits.max_connections);
  std::error_code error;
  fs::create_directories(options.data, error);
  if (error) return fail(ErrorKind::io, "can't make the data folder: " + error.message(), options.data);
  auto store = store::Store::open(store_options(options));
  if (!store) return std::unexpected(store.error());
  const std::jthread sweeping([&store = **store](const std::stop_token& stop) { sweep(store, stop); });
  auto wheelhouse = open_wheelhouse(options);
  if (!wheelhouse) return std::unexpected(wheelhouse.error());
  CatalogLog log_catalog(**wheelhouse, options.target);
  log_catalog((*wheelhouse)->catalog());

  auto compilers = options.bytecode.find(*(*wheelhouse)->catalog(), [](const Error& failure) {
    spdlog::warn("compiler failed  reason={} complaint={}", failure.message, failure.where);
  });
  if (!compilers) return std::unexpected(compilers.error());

  bundle::EngineOptions engine_options;
  engine_options.compilers = std::move(*compilers);
  engine_options.threads = options.build_threads;
  engine_options.max_pending = options.build_queue;
  engine_options.max_part = options.max_part;
  engine_options.limits = options.wheel_limits;
  engine_options.background_failure = [](const Error& failure) {
    spdlog::error("background work failed  reason={}", failure.text());
  };
  bundle::Engine engine(**store, std::move(engine_options));
  Metrics metrics(**wheelhouse, engine);
  auto routing = router_options(options, *(*wheelhouse)->catalog());
  if (!routing) return std::unexpected(routing.error());
  routes::Router router(**wheelhouse, engine, std::move(*routing));

  auto http_options = server_options(options);
  if (!http_options) return std::unexpected(http_options.error());
  auto server =
      http::Server::start(std::move(*http_options), [&](const http::Request& request) -> http::Answer {
        http::Answer answer = router.answer(request);
        if (const auto* ready = std::get_if<http::ReadyResponse>(&answer)) {
          note(metrics, request, **ready);
          return answer;
        }
        return noted(metrics, request, std::move(std::get<1>(answer)));
      });
  if (!server) return std::unexpected(server.error());
  // However this ends, what waits for a build is dropped while the event loops exist.
  const auto stop_work = [&](const void*) {
    (*wheelhouse)->stop_watching();
    engine.stop();
    router.stop();
  };
  const std::unique_ptr<const void, decltype(stop_work)> stopping(&router, stop_work);
  std::unique_ptr<http::Server> admin;
  if (!options.admin.empty()) {
    http::ServerOptions admin_options;
    admin_options.plain_listeners = {options.admin};
    auto started = http::Server::start(std::move(admin_options), [&](const http::Request& request) {
      return http::make_ready(answer_admin(metrics, **store, request));
    });
    if (!started) return std::unexpected(started.error());
    admin = std::move(*started);
    for (const auto& endpoint : admin->plain_endpoints()) {
      spdlog::info("listening  admin=http://{}:{}/", endpoint.address().to_string(), endpoint.port());
    }
    for (const auto& path : admin->socket_files()) {
      spdlog::info("listening  admin={}", path.native());
    }
  }
  const auto changed = [&](const CatalogPtr& catalog) {
    log_catalog(catalog);
    router.prepare(catalog);
  };
  if (auto watching = (*wheelhouse)->watch(changed); !watching) return watching;
  log_listeners(**server);

  wait_for_stop(signals, **server);
  end_on_next_signal(signals);
  (*server)->stop(std::chrono::seconds(options.drain_timeout));
  if (admin) admin->stop();
  return {};
}

}  // namespace

int serve_command(const Arguments& arguments) {
  ServeOptions options;
  if (const auto code = parse_serve_options(arguments, options)) return *code;
  spdlog::set_default_logger(spdlog::stderr_color_mt("wheelbarrow"));
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  spdlog::flush_on(spdlog::level::info);
  // Blocked here so that every thread inherits it and only next_signal() sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const auto served = serve(options, signals);
  return served ? exit_success : print_failure(served.error());
}

}  // namespace wheelbarrow::app
