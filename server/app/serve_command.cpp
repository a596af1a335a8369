#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "app/access_log.hpp"
#include "app/admin.hpp"
#include "app/confinement.hpp"
#include "app/log.hpp"
#include "app/metrics.hpp"
#include "app/parse.hpp"
#include "app/reload.hpp"
#include "app/request_counts.hpp"
#include "app/serve.hpp"
#include "app/service_manager.hpp"
#include "app/signals.hpp"
#include "bundle/engine.hpp"
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
  if (options.dev) wheelhouse.optional_folders = options.dev->wheels();
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
  router.runtime_bytecode = *options.bytecode.runtime;
  router.version = WHEELBARROW_VERSION;
  router.differences = {.isolated = options.cross_origin_isolation,
                        .fresh = options.dev.has_value(),
                        .live_reload = options.dev && options.dev->live_reload,
                        .own_files = {options.data, options.access_log.file}};
  if (auto applied = options.origin.apply(router); !applied) return std::unexpected(applied.error());
  if (!options.upload.token.empty()) {
    auto uploads = routes::Uploads::make({.token = options.upload.token,
                                          .folder = options.upload.folder,
                                          .scratch = options.data,
                                          .max_size = options.upload.max_size,
                                          .limits = options.wheel_limits});
    if (!uploads) return std::unexpected(uploads.error());
    router.uploads = std::move(*uploads);
  }
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

struct CertificateFiles {
  fs::path certificate;
  fs::path private_key;
};

// The given ones, or a certificate made for this machine.
Result<CertificateFiles> certificate_files(const ServeOptions& options) {
  if (!options.tls_certificate.empty()) return CertificateFiles{options.tls_certificate, options.tls_key};
  CertificateFiles files{fs::path(options.data) / "certificate.pem", fs::path(options.data) / "key.pem"};
  auto made = http::make_self_signed_certificate(files.certificate, files.private_key);
  if (!made) return std::unexpected(made.error());
  spdlog::warn("self-signed certificate in use; browsers will ask  file={}", files.certificate.native());
  return files;
}

Result<http::ServerOptions> server_options(const ServeOptions& options, ServiceManager& manager) {
  http::ServerOptions server;
  auto tls_listeners = manager.open_addresses(options.listen);
  if (!tls_listeners) return std::unexpected(tls_listeners.error());
  server.tls_listeners = std::move(*tls_listeners);
  auto plain_listeners = manager.open_addresses(options.listen_plain);
  if (!plain_listeners) return std::unexpected(plain_listeners.error());
  server.plain_listeners = std::move(*plain_listeners);
  server.threads = options.threads;
  server.limits = options.http_limits;
  auto front = options.front.front();
  if (!front) return std::unexpected(front.error());
  server.front = std::move(*front);
  if (!server.tls_listeners.empty()) {
    auto files = certificate_files(options);
    if (!files) return std::unexpected(files.error());
    server.certificate = std::move(files->certificate);
    server.private_key = std::move(files->private_key);
  }
  return server;
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

// What can change while the server runs. REQUIRES: the rest outlives `configuration`'s last run.
void add_reloads(Reload& configuration, http::Server& server, AccessLog& access_log,
                 unsigned& drain_timeout) {
  configuration.add({"drain-timeout"}, [&](const ServeOptions& next) -> Result<void> {
    drain_timeout = next.drain_timeout;
    return {};
  });
  configuration.add({"log-level", "log-format"}, [](const ServeOptions& next) -> Result<void> {
    set_log(next.log);
    return {};
  });
  configuration.add({"access-log", "access-log-format", "access-log-sample"},
                    [&](const ServeOptions& next) { return access_log.set(next.access_log); });
  configuration.add(
      {"max-connections", "max-connections-per-address", "max-connection-memory", "max-concurrent-streams",
       "max-target", "max-header-list", "max-body", "max-resets", "max-control-frames", "max-continuations",
       "handshake-timeout", "header-timeout", "idle-timeout", "write-timeout"},
      [&](const ServeOptions& next) -> Result<void> {
        server.set_limits(next.http_limits);
        return {};
      });
  configuration.add({"tls-cert", "tls-key"}, [&](const ServeOptions& next) -> Result<void> {
    const auto files = certificate_files(next);
    if (!files) return std::unexpected(files.error());
    return server.use_certificate(files->certificate, files->private_key);
  });
}

void reload(Reload& configuration, http::Server& server, routes::Admission& admission,
            routes::Uploads* uploads) {
  if (const auto read = server.reload_certificate(); !read)
    spdlog::warn("certificate not reloaded, the old one stays  reason={}", read.error().text());
  if (const auto read = admission.reload(); !read)
    spdlog::warn("allowed sets and token not reloaded, the old ones stay  reason={}", read.error().text());
  if (uploads != nullptr) {
    if (const auto read = uploads->reload(); !read)
      spdlog::warn("upload token not reloaded, the old one stays  reason={}", read.error().text());
  }
  configuration.run();
}

// Returns when the server is to stop. REQUIRES: the signals are blocked in every thread.
void wait_for_stop(const sigset_t& signals, Reload& configuration, http::Server& server,
                   routes::Admission& admission, routes::Uploads* uploads, AccessLog& access_log,
                   const ServiceManager& manager) {
  int signal = next_signal(signals);
  for (; !ends(signal); signal = next_signal(signals)) {
    if (signal == SIGHUP) {
      manager.tell_reloading();
      reload(configuration, server, admission, uploads);
      manager.tell_ready();
    } else if (const auto reopened = access_log.reopen(); reopened) {
      spdlog::info("access log reopened  signal=SIGUSR1");
    } else {
      spdlog::error("access log not reopened, the old file stays  reason={}", reopened.error().text());
    }
  }
  manager.tell_stopping();
  spdlog::info("stopping  signal={}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

// Tells the service manager, twice in the time that it allows, that the event loops run, as long as they do.
std::jthread watch_loops(const ServiceManager& manager, const http::Server& server) {
  if (!manager.watchdog()) return {};
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(*manager.watchdog()) / 2;
  return std::jthread([&manager, &server, interval](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    do {
      if (server.responds(interval)) manager.tell_alive();
    } while (!never.wait_for(lock, stop, interval, [&stop] { return stop.stop_requested(); }));
  });
}

Result<void> serve(const ServeConfiguration& given, Reload& configuration, const sigset_t& signals) {
  const ServeOptions& options = given.options();
  const auto started = std::chrono::system_clock::now();
  raise_descriptor_limit(options.http_limits.max_connections);
  auto manager = ServiceManager::find();
  if (!manager) return std::unexpected(manager.error());
  const auto confinement = Confinement::begin(options, given.configuration().file());
  if (!confinement) return std::unexpected(confinement.error());
  std::jthread starting = end_while_starting();
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
  RequestCounts requests(options.threads);
  AccessLog access_log(options.threads);
  if (auto opened = access_log.set(options.access_log); !opened) return opened;
  auto routing = router_options(options, *(*wheelhouse)->catalog());
  if (!routing) return std::unexpected(routing.error());
  const std::shared_ptr<routes::Admission> admission = routing->admission;
  const std::shared_ptr<routes::Uploads> uploads = routing->uploads;
  routes::Router router(**wheelhouse, engine, std::move(*routing));

  // From here on there may be requests, which are let finish.
  starting.request_stop();
  starting.join();
  auto http_options = server_options(options, *manager);
  if (!http_options) return std::unexpected(http_options.error());
  http_options->observer = [&](const http::Exchange& exchange) {
    requests.count(exchange);
    // Pages that wait for changes ask all the time.
    if (!options.dev || exchange.request.path != routes::changes_path) access_log.note(exchange);
    spdlog::debug("request  method={} path={} status={} peer={} request-id={}", exchange.request.method,
                  exchange.request.path, logged_status(exchange), exchange.request.peer, exchange.request.id);
  };
  if (uploads) {
    http_options->receiver = [&](const http::Request& request) { return router.receive(request); };
  }
  const fs::path own_certificate = options.tls_certificate.empty() ? http_options->certificate : fs::path();
  auto server = http::Server::start(std::move(*http_options),
                                    [&](const http::Request& request) { return router.answer(request); });
  if (!server) return std::unexpected(server.error());
  // However this ends, what waits for a build is dropped while the event loops exist.
  const auto stop_work = [&](const void*) {
    (*wheelhouse)->stop_watching();
    engine.stop();
    router.stop();
  };
  const std::unique_ptr<const void, decltype(stop_work)> stopping(&router, stop_work);
  const MetricSources metrics{.requests = requests,
                              .wheelhouse = **wheelhouse,
                              .engine = engine,
                              .router = router,
                              .store = **store,
                              .server = **server,
                              .access_log = access_log,
                              .store_budget = options.data_budget,
                              .started = started};
  auto admin = start_admin(options.admin, *manager, metrics);
  if (!admin) return std::unexpected(admin.error());
  const auto changed = [&](const CatalogPtr& catalog) {
    log_catalog(catalog);
    router.prepare(catalog);
  };
  if (auto watching = (*wheelhouse)->watch(changed); !watching) return watching;
  confinement->finish();
  log_listeners(**server);
  if (options.dev) options.dev->greet(**server, own_certificate);

  manager->tell_ready();
  const std::jthread watching_loops = watch_loops(*manager, **server);

  unsigned drain_timeout = options.drain_timeout;
  add_reloads(configuration, **server, access_log, drain_timeout);
  wait_for_stop(signals, configuration, **server, *admission, uploads.get(), access_log, *manager);
  end_on_next_signal(signals);
  (*server)->stop(std::chrono::seconds(drain_timeout));
  if (*admin) (*admin)->stop();
  return {};
}

}  // namespace

int serve_command(const Arguments& arguments) {
  return run_server(arguments, ServeKind::serve);
}

int run_server(const Arguments& arguments, ServeKind kind) {
  ServeConfiguration configuration(kind);
  const Result<bool> going_on = configuration.read(arguments);
  if (!going_on) return print_failure(going_on.error());
  if (!*going_on) return exit_success;
  const ServeOptions& options = configuration.options();
  if (const auto missing = configuration.missing(); !missing.empty()) return print_failure(missing.front());
  if (const auto good = configuration.check_files(); !good) return print_failure(good.error());
  set_log(options.log);
  for (const Error& variable : configuration.configuration().misspelt()) {
    spdlog::warn("variable ignored  name={} reason={}", variable.where, variable.message);
  }
  // Before any thread begins, so that every one inherits it.
  const sigset_t signals = block_signals();
  Reload reload_configuration(arguments, configuration);
  const auto served = serve(configuration, reload_configuration, signals);
  return served ? exit_success : print_failure(served.error());
}

}  // namespace wheelbarrow::app
