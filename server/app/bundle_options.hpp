// What `bundle` and `export` have in common beside a selection: how bundles are to be, and a store for them.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "app/bytecode_options.hpp"
#include "app/temporary_folder.hpp"
#include "base/error.hpp"
#include "bundle/engine.hpp"
#include "packaging/target.hpp"
#include "store/store.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::app {

// "--max-part" of the commands that make bundles.
CLI::Option* add_max_part(CLI::App& app, std::uint64_t& max_part);

struct BundleOptions {
  bundle::StripSet strip;
  BytecodeOptions bytecode;
  bundle::EngineOptions engine;

  void add_options(CLI::App& app);

  // The recipe of the bytecode that is asked for, if any; `engine` gets what compiles it.
  Result<std::optional<bundle::BytecodeRecipe>> choose_bytecode(const wheelhouse::Catalog& catalog,
                                                                const packaging::Target& target);
};

// A store for one command.
struct OpenStore {
  std::unique_ptr<TemporaryFolder> temporary;  // that the store is in, if it is not kept
  std::unique_ptr<store::Store> store;
};
// Below `data`, or in a temporary folder if that is empty.
Result<OpenStore> open_store(const std::string& data);

}  // namespace wheelbarrow::app
