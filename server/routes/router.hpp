// Which URL means what. Turns requests into questions for the rooms below and their answers into responses;
// every response, errors included, gets its fields here or in `http`.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "bundle/engine.hpp"
#include "http/server.hpp"
#include "routes/admission.hpp"
#include "routes/caching.hpp"
#include "routes/set_limits.hpp"
#include "routes/uploads.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::routes {

// A folder served below a prefix: its files as they are, compressed once.
struct StaticMount {
  std::filesystem::path folder;
  std::string prefix = "/";  // begins and ends with '/'
};

// What a developer wants of a server that others shouldn't.
struct Differences {
  bool isolated = false;     // pages may share memory between threads: COOP and COEP
  bool fresh = false;        // what has changed is in the next answer
  bool live_reload = false;  // pages load themselves again when something has changed
  // Files and folders of the server's own, of which changes say nothing.
  std::vector<std::filesystem::path> own_files = {};
};

// What such pages ask for all the time.
inline constexpr std::string_view changes_path = "/client/dev/changes";

struct RouterOptions {
  std::string default_target;              // see Targets
  std::vector<packaging::Target> targets;  // defined beside the known ones
  // The address that the outside world uses, without a trailing slash ("https://wheels.example.org/py");
  // empty: taken from each request. Goes into absolute URLs.
  std::string base_url;
  std::vector<StaticMount> mounts;
  // Of requests that name none: where a compiler is there, else off.
  bundle::BytecodeMode bytecode = bundle::BytecodeMode::off;
  bundle::BytecodeMode runtime_bytecode = bundle::BytecodeMode::off;  // of Pyodide's library, likewise
  Differences differences;
  std::string version;  // of the program, for the landing page
  CachePolicy caching;
  KeyFields cache_keys = KeyFields::none;
  std::shared_ptr<Admission> admission;  // null: everybody may ask everything
  SetLimits set_limits;
  std::shared_ptr<Uploads> uploads;  // null: nobody may upload
};

struct Context;

class Router {
 public:
  // REQUIRES: the wheelhouse and the engine outlive the router and every request that it answers.
  Router(const wheelhouse::Wheelhouse& wheelhouse, bundle::Engine& engine, RouterOptions options);
  ~Router();

  // An http::Handler.
  http::Answer answer(const http::Request& request) const;
  // The http::Receiver for it.
  std::expected<std::shared_ptr<http::BodyFile>, http::Response> receive(const http::Request& request) const;

  // Makes ready what clients who return will ask for; see Questions::prepare(). To be called when the catalog
  // has changed.
  void prepare(const std::shared_ptr<const wheelhouse::Catalog>& catalog) const;

  // What is remembered by kind: the engine's, answers to what is asked for all the time, bundles by their
  // requirement sets, and resolutions.
  std::vector<bundle::CacheUse> caches() const;

  // Destroys the requests that wait for a resolution. REQUIRES: the server and the engine have stopped.
  void stop();

 private:
  http::Answer plain_answer(const http::Request& request) const;

  std::shared_ptr<const Context> context_;
};

}  // namespace wheelbarrow::routes
