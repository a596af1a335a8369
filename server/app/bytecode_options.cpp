#include "app/bytecode_options.hpp"

#include <map>
#include <utility>

namespace wheelbarrow::app {

void BytecodeOptions::add_options(CLI::App& app, const char* help, bool environment) {
  std::map<std::string, bundle::BytecodeMode> modes;
  for (const bundle::BytecodeMode each :
       {bundle::BytecodeMode::off, bundle::BytecodeMode::beside, bundle::BytecodeMode::instead}) {
    modes.emplace(bundle::name_of(each), each);
  }
  auto* const mode_option =
      app.add_option_function<std::string>(
             "--bytecode", [this, modes](const std::string& given) { mode = modes.at(given); }, help)
          ->check(CLI::IsMember(modes))
          ->type_name("off|beside|instead")
          ->default_str(std::string(bundle::name_of(mode)));
  auto* const python_option =
      app.add_option(
             "--bytecode-python", pythons,
             "CPython 3.11 to 3.14 to compile with, beside python3.11 to python3.14 on PATH; may be repeated")
          ->allow_extra_args(false)
          ->type_name("PROGRAM");
  auto* const node_option =
      app.add_option("--node", node,
                     "Node, in which the Pyodide of --pyodide compiles (default: node on PATH)")
          ->type_name("PROGRAM");
  if (!environment) return;
  app.add_option_function<std::string>(
         "--runtime-bytecode", [this, modes](const std::string& given) { runtime = modes.at(given); },
         "byte-compiled modules in Pyodide's python_stdlib.zip, which it otherwise compiles at each start: "
         "beside "
         "their sources or instead of them; off where nothing can compile (default: instead; of dev: beside)")
      ->check(CLI::IsMember(modes))
      ->type_name("off|beside|instead")
      ->envname("WHEELBARROW_RUNTIME_BYTECODE");
  mode_option->envname("WHEELBARROW_BYTECODE");
  python_option->envname("WHEELBARROW_BYTECODE_PYTHON");
  node_option->envname("WHEELBARROW_NODE");
}

std::vector<std::filesystem::path> BytecodeOptions::programs() const {
  std::vector<std::filesystem::path> programs(pythons.begin(), pythons.end());
  for (const char* const name : bundle::Compilers::pythons_on_path) {
    programs.push_back(bundle::find_program(name));
  }
  programs.push_back(node.empty() ? bundle::find_program(bundle::Compilers::node_on_path)
                                  : std::filesystem::path(node));
  return programs;
}

Result<std::shared_ptr<const bundle::Compilers>> BytecodeOptions::find(
    const wheelhouse::Catalog& catalog, std::function<void(const Error&)> failure) const {
  bundle::CompilerOptions options;
  options.pythons.assign(pythons.begin(), pythons.end());
  options.node = node;
  if (const auto& pyodide = catalog.pyodide()) {
    options.pyodide = pyodide->folder;
    options.pyodide_python = pyodide->target.python().str();
  }
  options.failure = std::move(failure);
  return bundle::Compilers::find(std::move(options));
}

}  // namespace wheelbarrow::app
