#include "bundle/trim.hpp"

#include <algorithm>
#include <array>

#include "bundle/module_names.hpp"

namespace wheelbarrow::bundle {
namespace {

constexpr std::array<StripClassText, 4> classes{{
    {"tests",
     "folders tests and test inside packages that hold test modules, and conftest.py, unless another module "
     "of "
     "the wheel imports them"},
    {"pyi", "type stubs (.pyi) beside the module that they describe, and py.typed"},
    {"headers",
     "C, C++ and Cython headers (.h, .hh, .hpp, .hxx, .cuh, .pxd, .pxi) that no module of the wheel names"},
    {"docs",
     "README, CHANGELOG and the like outside .dist-info, folders doc and docs that hold nothing but text, "
     "and "
     "manual pages, unless a module of the wheel names them; never licences"},
}};

using Paths = std::set<std::string, std::less<>>;

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// The extension with its dot, lower case.
std::string extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  std::string extension(dot == std::string_view::npos ? "" : name.substr(dot));
  std::ranges::transform(extension, extension.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return extension;
}

template <std::size_t size>
bool is_one_of(std::string_view text, const std::array<std::string_view, size>& list) {
  return std::ranges::find(list, text) != list.end();
}

// Whether the path begins with a word in capitals, as such files do, or the word in small letters.
template <std::size_t size>
bool is_called(std::string_view path, const std::array<std::string_view, size>& words) {
  std::string stem(base_name(path));
  stem.resize(std::min(stem.find_first_of(".-_"), stem.size()));
  std::ranges::transform(stem, stem.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return is_one_of(stem, words);
}

bool is_licence(std::string_view path) {
  static constexpr std::array<std::string_view, 9> words{
      "LICENSE", "LICENCE", "LICENSES", "LICENCES", "COPYING", "NOTICE", "COPYRIGHT", "AUTHORS", "UNLICENSE"};
  return is_called(path, words);
}

bool is_below_dist_info(std::string_view path) {
  return path.substr(0, path.find('/')).ends_with(".dist-info");
}

bool is_header_name(std::string_view name) {
  static constexpr std::array<std::string_view, 7> extensions{".h",   ".hh",  ".hpp", ".hxx",
                                                              ".cuh", ".pxd", ".pxi"};
  return is_one_of(extension_of(name), extensions);
}

bool is_text_name(std::string_view name) {
  static constexpr std::array<std::string_view, 3> extensions{".md", ".rst", ".txt"};
  return is_one_of(extension_of(name), extensions);
}

bool is_readme(std::string_view path) {
  static constexpr std::array<std::string_view, 8> words{"README",  "CHANGELOG", "CHANGES",      "CHANGE",
                                                         "HISTORY", "NEWS",      "CONTRIBUTING", "TODO"};
  return is_called(path, words) && (extension_of(base_name(path)).empty() || is_text_name(path));
}

// The end of a file's name that stands as one word in a source: "2.0.md" of "notes-2.0.md".
std::string_view last_word(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t bound = name.find_last_of("- +@~=,()");
  return bound == std::string_view::npos ? name : name.substr(bound + 1);
}

bool is_test_module(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"));
}

bool is_part_of_tests(std::string_view component) {
  return component == "tests" || component == "test" || component == "conftest";
}

// The outermost folder of the path that is called tests or test, not counting a top-level one; or conftest.py
// itself.
std::string_view suite_of(std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;) {
    const std::size_t next = path.find('/', slash + 1);
    const std::string_view component = path.substr(slash + 1, next - slash - 1);
    if (next == std::string_view::npos) return component == "conftest.py" ? path : std::string_view();
    if (component == "tests" || component == "test") return path.substr(0, next);
    slash = next;
  }
  return {};
}

bool may_name_a_suite(std::string_view name) {
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (is_part_of_tests(name.substr(0, dot))) return true;
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return false;
}

// The suite that a dotted name leads into.
const std::string* suite_named(const std::map<std::string, std::string, std::less<>>& by_module,
                               std::string_view name) {
  while (!name.empty()) {
    if (const auto found = by_module.find(name); found != by_module.end()) return &found->second;
    const std::size_t dot = name.rfind('.');
    name = name.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return nullptr;
}

// "a/docs" of "a/docs/b/c.rst"; not a top-level folder.
std::string_view doc_folder_of(std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;) {
    const std::size_t next = path.find('/', slash + 1);
    if (next == std::string_view::npos) break;
    const std::string_view component = path.substr(slash + 1, next - slash - 1);
    if (component == "docs" || component == "doc") return path.substr(0, next);
    slash = next;
  }
  return {};
}

bool is_shared_document(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || !path.substr(0, slash).ends_with(".data")) return false;
  const std::string_view rest = path.substr(slash);
  return rest.starts_with("/data/share/doc/") || rest.starts_with("/data/share/man/") ||
         rest.starts_with("/data/share/info/");
}

}  // namespace

std::span<const StripClassText> strip_classes() {
  return classes;
}

std::string_view name_of(StripClass kind) {
  return classes[static_cast<std::size_t>(kind)].name;
}

Result<StripSet> StripSet::parse(std::string_view names) {
  StripSet set;
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    const std::string_view name = names.substr(0, comma);
    names.remove_prefix(std::min(comma + 1, names.size()));
    if (name.empty()) continue;
    const auto known = std::ranges::find(classes, name, &StripClassText::name);
    if (known == classes.end()) {
      return fail(ErrorKind::invalid_input,
                  "strip has no class '" + std::string(name) + "'; there are tests, pyi, headers and docs");
    }
    set.bits_ |= 1U << static_cast<unsigned>(known - classes.begin());
  }
  return set;
}

std::vector<std::string> StripSet::names() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (contains(static_cast<StripClass>(i))) names.emplace_back(classes[i].name);
  }
  return names;
}

std::string StripSet::text() const {
  std::string text;
  for (const std::string& name : names()) {
    text += (text.empty() ? "" : ",") + name;
  }
  return text;
}

void Trim::see(std::string_view path, std::string_view content) {
  if (classes_.empty()) return;
  paths_.emplace(path);
  if (path.ends_with(".pyc") && !base_name(folder_of(path)).starts_with("__pycache__"))
    has_hidden_modules_ = true;
  // Entry points are names of modules that others import; scripts are modules without the extension.
  if (path.ends_with(".py") || path.ends_with(".dist-info/entry_points.txt") ||
      path.find(".data/scripts/") != std::string_view::npos) {
    read_module(path, content);
  }
}

void Trim::read_module(std::string_view path, std::string_view content) {
  Module module{std::string(path), {}};
  for_each_name(path, content, [&](std::string_view name) {
    if (name == "attach_stub" || name.ends_with(".attach_stub")) stub_readers_.emplace(path);
    if (may_name_a_suite(name)) module.references.emplace_back(name);
    if (is_header_name(name) || is_text_name(name) || is_readme(name)) mentioned_.emplace(name);
  });
  std::ranges::sort(module.references);
  const auto repeated = std::ranges::unique(module.references);
  module.references.erase(repeated.begin(), repeated.end());
  modules_.push_back(std::move(module));
}

// The suites that nothing outside of suites imports. One that is imported is code like any other, and keeps
// what it imports itself.
Paths Trim::test_suites() const {
  Paths suites;
  for (const std::string& path : paths_) {
    const std::string_view suite = suite_of(path);
    if (!suite.empty() && (is_test_module(path) || suite == path)) suites.emplace(suite);
  }
  std::map<std::string, std::string, std::less<>> by_module;
  for (const std::string& suite : suites) {
    by_module.emplace(suite.ends_with(".py") ? module_of(suite) : module_of(suite + ".py"), suite);
  }
  std::vector<const Module*> code;
  std::map<std::string_view, std::vector<const Module*>> in_suites;
  for (const Module& module : modules_) {
    const std::string_view suite = suite_of(module.path);
    (suites.contains(suite) ? in_suites[suite] : code).push_back(&module);
  }
  for (std::size_t i = 0; i < code.size(); ++i) {
    for (const std::string& name : code[i]->references) {
      const std::string* const suite = suite_named(by_module, name);
      if (suite == nullptr || suites.erase(*suite) == 0) continue;
      const std::vector<const Module*>& freed = in_suites[*suite];
      code.insert(code.end(), freed.begin(), freed.end());
    }
  }
  return suites;
}

bool Trim::has_module_beside(std::string_view stub) const {
  const std::string stem(stub.substr(0, stub.size() - std::string_view("pyi").size()));  // "a/b."
  for (auto path = paths_.lower_bound(stem); path != paths_.end() && path->starts_with(stem); ++path) {
    if (path->ends_with(".py") || path->ends_with(".pyc") || path->ends_with(".so")) return true;
  }
  return false;
}

bool Trim::is_unneeded_stub(std::string_view path) const {
  if (base_name(path) == "py.typed") return true;
  return path.ends_with(".pyi") && has_module_beside(path) &&
         !stub_readers_.contains(path.substr(0, path.size() - 1));
}

bool Trim::is_unneeded_header(std::string_view path) const {
  return is_header_name(base_name(path)) && !mentioned_.contains(last_word(path));
}

bool Trim::holds_only_text(std::string_view folder) const {
  const std::string below = std::string(folder) + '/';
  for (auto path = paths_.lower_bound(below); path != paths_.end() && path->starts_with(below); ++path) {
    if (!is_text_name(*path) || mentioned_.contains(last_word(*path))) return false;
  }
  return true;
}

bool Trim::is_unneeded_document(std::string_view path, Verdicts& text_folders) const {
  if (mentioned_.contains(last_word(path))) return false;
  if (is_shared_document(path) || is_readme(path)) return true;
  const std::string_view folder = doc_folder_of(path);
  if (folder.empty()) return false;
  const auto known = text_folders.find(folder);
  return known != text_folders.end() ? known->second
                                     : text_folders.emplace(folder, holds_only_text(folder)).first->second;
}

std::map<std::string, StripClass, std::less<>> Trim::left_out() const {
  std::map<std::string, StripClass, std::less<>> left_out;
  if (has_hidden_modules_) return left_out;
  const Paths suites = classes_.contains(StripClass::tests) ? test_suites() : Paths();
  Verdicts text_folders;
  for (const std::string& path : paths_) {
    if (is_below_dist_info(path) || is_licence(path) || path.ends_with(".so")) continue;
    if (suites.contains(suite_of(path))) {
      left_out.emplace(path, StripClass::tests);
    } else if (classes_.contains(StripClass::pyi) && is_unneeded_stub(path)) {
      left_out.emplace(path, StripClass::pyi);
    } else if (classes_.contains(StripClass::headers) && is_unneeded_header(path)) {
      left_out.emplace(path, StripClass::headers);
    } else if (classes_.contains(StripClass::docs) && is_unneeded_document(path, text_folders)) {
      left_out.emplace(path, StripClass::docs);
    }
  }
  return left_out;
}

}  // namespace wheelbarrow::bundle
