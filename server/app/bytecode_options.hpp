// The options of `serve` and `bundle` about byte-compiled modules.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/compilers.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::app {

struct BytecodeOptions {
  bundle::BytecodeMode mode = bundle::BytecodeMode::off;
  std::vector<std::string> pythons;
  std::string node;

  // `help` is that of --bytecode. With `environment`, each option is read from the environment too.
  void add_options(CLI::App& app, const char* help, bool environment);

  // The compilers that there are; Pyodide is that of the catalog. `failure` as in bundle::CompilerOptions.
  Result<std::shared_ptr<const bundle::Compilers>> find(const wheelhouse::Catalog& catalog,
                                                        std::function<void(const Error&)> failure) const;
};

}  // namespace wheelbarrow::app
