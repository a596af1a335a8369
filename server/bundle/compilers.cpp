#include "bundle/compilers.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "bundle/byte_reader.hpp"
#include "bundle/marshal.hpp"
#include "compiler_programs.hpp"

namespace wheelbarrow::bundle {
namespace {

constexpr std::uint64_t output_factor =
    8;  // bytecode is about as long as its source; docstrings and names shrink it
constexpr std::uint64_t smallest_output = std::uint64_t{16} << 20;
constexpr std::size_t source_hash_size = 8;

// -S and -s: nothing of the machine's site-packages; -P: nothing of the current folder.
std::vector<std::string> python_arguments(const std::string& program) {
  return {"-S", "-s", "-P", "-B", "-c", program};
}

const std::vector<std::string>& python_environment() {
  static const std::vector<std::string> environment{"PYTHONHASHSEED=0", "PYTHONUTF8=1"};
  return environment;
}

void put_number(std::string& out, std::size_t number) {
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(number >> shift & 0xff);
  }
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

// A number, and so many bytes.
std::optional<std::string_view> read_text(ByteReader& answer) {
  const auto size = answer.number();
  return size ? answer.bytes(*size) : std::nullopt;
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::optional<CompiledModule> read_module(ByteReader& answer, const BytecodeRecipe& recipe) {
  const auto kind = answer.number();
  const auto hash = kind == 0U ? answer.bytes(source_hash_size) : std::string_view();
  const auto content = read_text(answer);
  if (!kind || !hash || !content) return std::nullopt;
  if (*kind != 0) return CompiledModule{{}, printable(*content)};
  const auto code = canonical_code(*content, recipe.locations());
  if (!code && code.error().kind == ErrorKind::limit) return CompiledModule{{}, code.error().message};
  if (!code) return std::nullopt;
  return CompiledModule{bytecode_file(recipe, *hash, *code), {}};
}

// The modules of an answer from the compiler of `recipe` and of no other.
std::optional<std::vector<CompiledModule>> read_answer(std::string_view text, const BytecodeRecipe& recipe,
                                                       std::size_t count) {
  ByteReader answer(text);
  const std::string expected = bytecode_file(recipe, {}, {}).substr(0, 4);
  if (answer.bytes(expected.size()) != expected ||
      read_text(answer) != recipe.python + ' ' + recipe.platform || answer.number() != count) {
    return std::nullopt;
  }
  std::vector<CompiledModule> modules;
  modules.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto module = read_module(answer, recipe);
    if (!module) return std::nullopt;
    modules.push_back(std::move(*module));
  }
  if (answer.left() > 0) return std::nullopt;
  return modules;
}

bool is_compiled(const ModuleSource& source) {
  return source.content.size() <= Compilers::max_module_size;
}

}  // namespace

Result<std::shared_ptr<const Compilers>> Compilers::find(CompilerOptions options) {
  std::shared_ptr<Compilers> compilers(new Compilers(std::move(options)));
  if (const std::filesystem::path& node = compilers->options_.node; !node.empty() && !can_be_run(node)) {
    return fail(ErrorKind::invalid_input, "is not a program that can be run", node);
  }
  for (const std::filesystem::path& program : compilers->options_.pythons) {
    auto compiler = compilers->ask_python(program);
    if (!compiler) return std::unexpected(compiler.error());
    compilers->compilers_.push_back(std::move(*compiler));
  }
  return compilers;
}

const std::vector<Compilers::Compiler>& Compilers::compilers() const {
  std::call_once(looked_, [this] {
    for (const char* const name : pythons_on_path) {
      const std::filesystem::path program = find_program(name);
      if (program.empty()) continue;
      // What is on PATH need not work: a version manager leaves stand-ins there.
      if (auto compiler = ask_python(program)) compilers_.push_back(std::move(*compiler));
    }
    if (auto pyodide = find_pyodide()) compilers_.push_back(std::move(*pyodide));
  });
  return compilers_;
}

Result<Compilers::Compiler> Compilers::ask_python(const std::filesystem::path& program) const {
  const auto unusable = [&](const std::string& why) -> Result<Compiler> {
    return fail(ErrorKind::invalid_input, "can't compile for bundles: " + why, program);
  };
  if (!can_be_run(program)) return unusable("it is not a program that can be run");
  ChildLimits limits = options_.limits;
  limits.wall = std::min(limits.wall, std::chrono::seconds(20));
  limits.output = 4096;
  const Child child{program, python_arguments(who_program), python_environment()};
  const auto answer = run_child(child, {}, limits, {});
  if (!answer) return unusable(answer.error().message);
  if (!answer->failure.empty()) return unusable("it " + answer->failure + "; " + answer->complaint);
  std::istringstream words(answer->out);
  std::string implementation;
  std::string magic;
  Compiler compiler{.child = {program, python_arguments(compile_program), python_environment()}};
  words >> implementation >> compiler.python >> compiler.platform >> magic;
  const auto known = magic_of(minor_version_of(compiler.python));
  if (implementation != "cpython" || !known || magic != std::to_string(*known)) {
    return unusable("it is not a release of CPython 3.11 to 3.14");
  }
  return compiler;
}

std::optional<Compilers::Compiler> Compilers::find_pyodide() const {
  const std::filesystem::path node = options_.node.empty() ? find_program(node_on_path) : options_.node;
  if (node.empty() || options_.pyodide.empty()) return std::nullopt;
  Compiler compiler{.python = options_.pyodide_python, .platform = "emscripten"};
  if (!magic_of(minor_version_of(compiler.python))) return std::nullopt;
  compiler.child.program = node;
  // V8's own limit ends a process with a message; it counts JavaScript's memory, RLIMIT_DATA all of it.
  compiler.child.arguments = {"--max-old-space-size=1024",
                              "--input-type=module",
                              "--eval",
                              std::string(pyodide_program),
                              "--",
                              std::filesystem::absolute(options_.pyodide),
                              std::string(compile_program)};
  return compiler;
}

const Compilers::Compiler* Compilers::find_compiler(const BytecodeRecipe& recipe) const {
  const auto found = std::ranges::find_if(compilers(), [&](const Compiler& compiler) {
    return compiler.python == recipe.python && compiler.platform == recipe.platform;
  });
  return found == compilers().end() ? nullptr : &*found;
}

Result<BytecodeRecipe> Compilers::choose(BytecodeMode mode, const packaging::Target& target) const {
  const std::string& minor = target.python_version();
  if (!magic_of(minor)) {
    return fail(ErrorKind::unsatisfiable, "bytecode is made for Python 3.11 to 3.14, and " + target.name() +
                                              " is Python " + minor + "; leave 'bytecode' out");
  }
  const Compiler* best = nullptr;
  for (const Compiler& compiler : compilers()) {
    const BytecodeRecipe recipe{mode, compiler.python, compiler.platform};
    if (recipe.minor_version() != minor) continue;
    const auto is_very = [&](const Compiler& each) { return each.python == target.python().str(); };
    if (best == nullptr || (is_very(compiler) && !is_very(*best))) best = &compiler;
  }
  if (best != nullptr) return BytecodeRecipe{mode, best->python, best->platform};
  return fail(
      ErrorKind::unsatisfiable,
      "there is no Python " + minor + " here to compile for " + target.name() +
          "; the server needs a Pyodide of that version (--pyodide) and node on PATH (or --node), or python" +
          minor + " on PATH (or --bytecode-python); or leave 'bytecode' out");
}

Result<std::vector<CompiledModule>> Compilers::compile(const BytecodeRecipe& recipe,
                                                       std::span<const ModuleSource> sources,
                                                       const GiveUp& give_up) const {
  const std::string name = "the compiler, Python " + recipe.python + " (" + recipe.platform + "),";
  const Compiler* const compiler = find_compiler(recipe);
  if (compiler == nullptr)
    return fail(ErrorKind::unsatisfiable, name + " that made this bundle is no longer here");
  std::string request;
  std::vector<std::size_t> asked;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!is_compiled(sources[i])) continue;
    asked.push_back(i);
    total += sources[i].content.size();
  }
  if (total > max_source_size) {
    return fail(ErrorKind::limit,
                "it has more than 128 MiB of Python source, which is not compiled; ask with "
                "bytecode=off");
  }
  request.reserve(total + asked.size() * 128);
  put_number(request, asked.size());
  for (const std::size_t i : asked) {
    put_text(request, sources[i].filename);
    put_text(request, sources[i].content);
  }
  ChildLimits limits = options_.limits;
  limits.output = std::min(limits.output, smallest_output + output_factor * total);
  const auto answer =
      asked.empty() ? Result<ChildOutput>() : run_child(compiler->child, request, limits, give_up);
  if (!answer) return std::unexpected(answer.error());
  const auto failed = [&](const std::string& why) {
    if (options_.failure) options_.failure({ErrorKind::busy, name + ' ' + why, answer->complaint});
    return fail(ErrorKind::busy, name + ' ' + why + "; try again later or ask with bytecode=off");
  };
  if (!answer->failure.empty()) return failed(answer->failure);
  auto answered =
      asked.empty() ? std::vector<CompiledModule>() : read_answer(answer->out, recipe, asked.size());
  if (!answered) return failed("gave an answer that can't be used");
  std::vector<CompiledModule> modules(sources.size(), {{}, "it is larger than 8 MiB"});
  for (std::size_t i = 0; i < asked.size(); ++i) {
    modules[asked[i]] = std::move((*answered)[i]);
  }
  return modules;
}

}  // namespace wheelbarrow::bundle
