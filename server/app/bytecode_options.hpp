// The options of `serve` and `bundle` about byte-compiled modules.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/compilers.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::app {

struct BytecodeOptions {
  bundle::BytecodeMode mode = bundle::BytecodeMode::off;
  // Of Pyodide's library; nothing: what the command does by itself.
  std::optional<bundle::BytecodeMode> runtime;
  std::vector<std::string> pythons;
  std::string node;

  // `help` is that of --bytecode. With `environment`, each option is read from the environment too.
  void add_options(CLI::App& app, const char* help, bool environment);

  // Every program that the compilers may run, there or not.
  std::vector<std::filesystem::path> programs() const;

  // The compilers that there are; Pyodide is that of the catalog. `failure` as in bundle::CompilerOptions.
  Result<std::shared_ptr<const bundle::Compilers>> find(const wheelhouse::Catalog& catalog,
                                                        std::function<void(const Error&)> failure) const;
};

}  // namespace wheelbarrow::app
