#include "bundle/compilers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "bundle/marshal.hpp"
#include "compiler_programs.hpp"
#include "temporary_folder.hpp"

namespace wheelbarrow::bundle {
namespace {

using testing::HasSubstr;

constexpr const char* python = "/usr/bin/python3.11";  // Debian 12's own

// Things whose marshalled form is known to wander: names that the interpreter uses too, sets, classes with
// attributes, constants that are equal across functions, texts of one letter.
constexpr const char* wandering = R"(
import os, sys
class Box:
    """A box."""
    def __init__(self, zebra, apple, name):
        self.zebra, self.apple, self.name, self.path, self.self = zebra, apple, name, None, self
    def kind(self, x):
        return x in {"b", "a", 3, 2.5, None, ("x", 1), "name", "sys"} or x in {"a", "b"}
def f(a=(1, 2, "long constant here"), b=-0.0):
    return (1, 2, "long constant here"), 10**20, ",", "a", b"bytes", 1j, ..., f"{a!r:>10}"
g = lambda: (1, 2, "long constant here"); h = lambda: (1, 2, "long constant here")
)";

std::shared_ptr<const Compilers> compilers(CompilerOptions options = {}) {
  if (options.pythons.empty()) options.pythons = {python};
  auto found = Compilers::find(std::move(options));
  EXPECT_TRUE(found) << found.error().text();
  return *found;
}

BytecodeRecipe recipe_of(const Compilers& compilers) {
  const auto target = packaging::Target::make("here", "3.11", {"linux_x86_64"});
  const auto recipe = compilers.choose(BytecodeMode::beside, *target);
  EXPECT_TRUE(recipe) << recipe.error().text();
  return *recipe;
}

// Compiles `source` as compile.py does, after `before`.
std::string compiled_after(const std::string& before, const std::string& seed, std::string_view source) {
  const std::string name = "/lib/x.py";
  std::string request("\1\0\0\0", 4);
  for (const std::string_view text : {std::string_view(name), source}) {
    for (int shift = 0; shift < 32; shift += 8) {
      request += static_cast<char>(text.size() >> shift & 0xff);
    }
    request += text;
  }
  const auto output = run_child({python, {"-c", before + "\n" + compile_program}, {"PYTHONHASHSEED=" + seed}},
                                request, {}, {});
  EXPECT_TRUE(output && output->failure.empty()) << output->complaint;
  // Magic number, "3.11.x linux", count, kind, source hash, length.
  const std::size_t name_size = static_cast<unsigned char>(output->out[4]);
  return output->out.substr(4 + 4 + name_size + 4 + 4 + 8 + 4);
}

TEST(Compilers, BytesDependOnTheSourceAlone) {
  const std::string quiet = compiled_after("", "0", wandering);
  const std::string busy = compiled_after(
      "import ast, json, sys, typing, unittest\n"
      "keep = [sys.intern(x) for x in ('zebra', 'long constant here', ',', '<lambda>')]\n"
      "more = [compile('def f(zebra): return zebra.apple, %d' % i, '/lib/x.py', 'exec') for i in range(999)]",
      "4242", wandering);
  EXPECT_NE(quiet, busy) << "marshal is steady here, so this shows nothing";
  EXPECT_EQ(canonical_code(quiet, Locations::columns).value(),
            canonical_code(busy, Locations::columns).value());
}

TEST(Compilers, CanonicalCodeIsTheSameCode) {
  const std::string code = compiled_after("", "0", wandering);
  const auto canonical = canonical_code(code, Locations::columns);
  ASSERT_TRUE(canonical);
  const char* const compare =
      "import marshal, sys\n"
      "data = sys.stdin.buffer.read(); size = int(sys.argv[1])\n"
      "a, b = marshal.loads(data[:size]), marshal.loads(data[size:])\n"
      "print(a == b, hash(a) == hash(b), a.co_filename, sorted(b.co_names) == sorted(a.co_names))";
  const auto output =
      run_child({python, {"-c", compare, std::to_string(code.size())}, {}}, code + *canonical, {}, {});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "True True /lib/x.py True\n") << output->complaint;
}

TEST(Compilers, OneModuleThatFailsIsNoFailure) {
  const auto all = compilers();
  const std::vector<ModuleSource> sources{{"a.py", "x = 1\n"},
                                          {"b.py", "print 'python 2'\n"},
                                          {"c.py", std::string("x = '\0'", 7)},
                                          {"d.py", "# coding: nonsense\n"},
                                          {"e.py", "x = " + std::string(5000, '-') + "1"},
                                          {"f.py", std::string(Compilers::max_module_size + 1, '#')},
                                          {"g.py", "# -*- coding: latin-1 -*-\nx = '\xfc'\n"}};
  const auto modules = all->compile(recipe_of(*all), sources, {});
  ASSERT_TRUE(modules) << modules.error().text();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const bool good = i == 0 || i == 6;
    EXPECT_EQ((*modules)[i].file.empty(), !good) << sources[i].filename;
    EXPECT_EQ((*modules)[i].reason.empty(), good) << sources[i].filename;
  }
  EXPECT_THAT((*modules)[1].reason, HasSubstr("SyntaxError"));
  EXPECT_THAT((*modules)[5].reason, HasSubstr("8 MiB"));
}

TEST(Compilers, SourcesAreNeverRun) {
  const test::TemporaryFolder folder;
  const std::filesystem::path trace = folder / "ran";
  const std::string source = "open('" + trace.native() + "', 'w')\nimport os; os._exit(1)\n";
  const auto all = compilers();
  const auto modules = all->compile(recipe_of(*all), std::vector<ModuleSource>{{"a.py", source}}, {});
  ASSERT_TRUE(modules);
  EXPECT_FALSE((*modules)[0].file.empty());
  EXPECT_FALSE(std::filesystem::exists(trace));
}

TEST(Compilers, NothingToCompileNeedsNoProcess) {
  const auto all = compilers();
  const auto modules = all->compile(recipe_of(*all), {}, {});
  ASSERT_TRUE(modules);
  EXPECT_TRUE(modules->empty());
}

// Answers to who.py as Python does and then behaves as `script` says.
std::filesystem::path make_impostor(const test::TemporaryFolder& folder, const std::string& script) {
  const std::filesystem::path path = folder / "impostor";
  std::ofstream(path) << "#!/bin/sh\ncase \"$6\" in *'Who a Python is'*) exec " << python
                      << " \"$@\";; esac\n"
                      << script << '\n';
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST(Compilers, AProcessThatFailsFailsTheWheelAndIsNotRemembered) {
  const struct {
    const char* script;
    const char* said;
  } cases[] = {
      {"exit 3", "ended with exit code 3"},
      {"kill -KILL $$", "ended by signal 9"},
      {"exec sleep 600", "took longer than 2 s"},
      {"exec yes", "wrote more than it may"},
      {"exit 0", "gave an answer that can't be used"},
      {"echo nonsense", "gave an answer that can't be used"},
      // Of another version, and with more behind it.
      {"printf 'aaaa'", "gave an answer that can't be used"},
      {"/usr/bin/python3.11 \"$@\"; echo more", "gave an answer that can't be used"},
  };
  for (const auto& each : cases) {
    const test::TemporaryFolder folder;
    CompilerOptions options;
    options.pythons = {make_impostor(folder, each.script)};
    const bool hangs = std::string_view(each.script).find("sleep") != std::string_view::npos;
    if (hangs) options.limits.wall = std::chrono::seconds(2);
    options.limits.output = 1'000'000;
    std::string told;
    options.failure = [&](const Error& error) { told = error.message; };
    const auto all = compilers(std::move(options));
    const std::vector<ModuleSource> sources{{"a.py", "x = 1"}};
    const auto modules = all->compile(recipe_of(*all), sources, {});
    ASSERT_FALSE(modules) << each.script;
    EXPECT_EQ(modules.error().kind, ErrorKind::busy) << each.script;
    EXPECT_THAT(modules.error().message, HasSubstr(each.said)) << each.script;
    EXPECT_THAT(told, HasSubstr(each.said)) << each.script;
    make_impostor(folder, "exec /usr/bin/python3.11 \"$@\"");
    EXPECT_TRUE(hangs || all->compile(recipe_of(*all), sources, {})) << each.script;
  }
}

TEST(Compilers, OutOfMemoryIsAFailure) {
  CompilerOptions options;
  options.limits.memory = std::uint64_t{40} << 20;
  const auto all = compilers(std::move(options));
  std::string source = "x = [";
  for (int i = 0; i < 400'000; ++i) {
    source += "a" + std::to_string(i) + ", ";
  }
  const auto modules = all->compile(recipe_of(*all), std::vector<ModuleSource>{{"a.py", source + "]"}}, {});
  ASSERT_FALSE(modules);
  EXPECT_EQ(modules.error().kind, ErrorKind::busy);
}

TEST(Compilers, WhatIsNamedMustWork) {
  for (const char* program : {"/no/such/python", "/bin/true", "/bin/false"}) {
    CompilerOptions options;
    options.pythons = {program};
    const auto found = Compilers::find(std::move(options));
    ASSERT_FALSE(found) << program;
    EXPECT_EQ(found.error().kind, ErrorKind::invalid_input) << program;
  }
}

TEST(Compilers, SaysWhatIsMissing) {
  const auto all = compilers();
  const auto old = packaging::Target::make("old", "3.9", {});
  const auto none = all->choose(BytecodeMode::beside, *old);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unsatisfiable);
  EXPECT_THAT(none.error().message, HasSubstr("3.11 to 3.14"));
  const auto gone = all->compile({BytecodeMode::beside, "3.14.0", "linux"}, {}, {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::unsatisfiable);
}

}  // namespace
}  // namespace wheelbarrow::bundle
