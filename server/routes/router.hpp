// Which URL means what. Turns requests into questions for the rooms below and their answers into responses;
// every response, errors included, gets its fields here or in `http`.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/engine.hpp"
#include "http/server.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::routes {

// A folder served below a prefix: its files as they are, compressed once.
struct StaticMount {
  std::filesystem::path folder;
  std::string prefix = "/";  // begins and ends with '/'
};

struct RouterOptions {
  std::string default_target;              // see Targets
  std::vector<packaging::Target> targets;  // defined beside the known ones
  // The address that the outside world uses, without a trailing slash ("https://wheels.example.org/py");
  // empty: taken from each request. Goes into absolute URLs.
  std::string base_url;
  std::vector<StaticMount> mounts;
  // Of requests that name none: where a compiler is there, else off.
  bundle::BytecodeMode bytecode = bundle::BytecodeMode::off;
  std::string version;  // of the program, for the landing page
};

struct Context;

class Router {
 public:
  // REQUIRES: the wheelhouse and the engine outlive the router and every request that it answers.
  Router(const wheelhouse::Wheelhouse& wheelhouse, bundle::Engine& engine, RouterOptions options);
  ~Router();

  // An http::Handler.
  http::Answer answer(const http::Request& request) const;

  // Makes ready what clients who return will ask for; see Questions::prepare(). To be called when the catalog
  // has changed.
  void prepare(const std::shared_ptr<const wheelhouse::Catalog>& catalog) const;

  // Destroys the requests that wait for a resolution. REQUIRES: the server and the engine have stopped.
  void stop();

 private:
  std::shared_ptr<const Context> context_;
};

}  // namespace wheelbarrow::routes
