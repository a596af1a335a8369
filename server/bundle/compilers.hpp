// The Pythons that compile for bundles: CPythons of this machine, and the mounted Pyodide under Node. A
// compiler is a process of its own for every wheel, never runs what it compiles (compile() only), and what it
// answers is checked and brought into a form that is the same everywhere (marshal.hpp).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bundle/bytecode.hpp"
#include "bundle/child_process.hpp"
#include "packaging/target.hpp"

namespace wheelbarrow::bundle {

struct CompilerOptions {
  std::vector<std::filesystem::path> pythons;  // beside python3.11 to python3.14 on PATH
  std::filesystem::path node;                  // empty: node on PATH
  std::filesystem::path pyodide;               // folder of the runtime; empty: none
  std::string pyodide_python;                  // the runtime's full Python version
  ChildLimits limits;                          // of one process
  // Told of a process that failed, with what it complained of. May be empty.
  std::function<void(const Error&)> failure;
};

struct ModuleSource {
  std::string filename;  // for co_filename
  std::string content;
};

struct CompiledModule {
  std::string file;    // a whole .pyc file; empty if the module doesn't compile
  std::string reason;  // then: why, printable ASCII
};

class Compilers {
 public:
  // Asks each CPython that is named who it is; one that can't be used, or a Node that can't be run, is
  // ErrorKind::invalid_input. What else there is is looked for when it is needed first.
  static Result<std::shared_ptr<const Compilers>> find(CompilerOptions options);
  Compilers(const Compilers&) = delete;
  Compilers& operator=(const Compilers&) = delete;

  // The compiler for a target: of its very Python version if there is one, else of its minor version, a
  // CPython before Pyodide because it starts in a fiftieth of the time. `mode` is not off.
  // ErrorKind::unsatisfiable says what is missing.
  Result<BytecodeRecipe> choose(BytecodeMode mode, const packaging::Target& target) const;

  // Compiles in one process, in order. A source that doesn't compile is no error. A process that fails is
  // ErrorKind::busy: nobody can tell a slow machine from a hostile source, so it isn't remembered. More
  // source than max_source_size is ErrorKind::limit. Blocks.
  Result<std::vector<CompiledModule>> compile(const BytecodeRecipe& recipe,
                                              std::span<const ModuleSource> sources,
                                              const GiveUp& give_up) const;

  // Looked for on PATH.
  static constexpr const char* pythons_on_path[] = {"python3.11", "python3.12", "python3.13", "python3.14"};
  static constexpr const char* node_on_path = "node";
  static constexpr std::size_t max_source_size = std::size_t{128} << 20;  // bytes, a wheel's
  static constexpr std::size_t max_module_size = std::size_t{8} << 20;  // bytes; a larger one isn't compiled

 private:
  struct Compiler {
    std::string python = {};
    std::string platform = {};
    Child child = {};
  };

  explicit Compilers(CompilerOptions options) : options_(std::move(options)) {}
  Result<Compiler> ask_python(const std::filesystem::path& program) const;
  std::optional<Compiler> find_pyodide() const;
  const std::vector<Compiler>& compilers() const;
  const Compiler* find_compiler(const BytecodeRecipe& recipe) const;

  CompilerOptions options_;
  mutable std::once_flag looked_;
  mutable std::vector<Compiler> compilers_;  // those that were named, then the others
};

}  // namespace wheelbarrow::bundle
