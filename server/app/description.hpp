// What a command takes, as data: for the completions of shells and for the manual page, so that both say what
// --help says.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace wheelbarrow::app {

struct OptionDescription {
  std::vector<std::string> names;  // with their hyphens, the long first; without for a positional argument
  std::string type;                // as in --help, "DIR" or "off|beside|instead"; empty: takes no value
  std::string help;
  std::string by_default;   // empty: nothing, or `help` says it
  std::string environment;  // name of the variable that gives it too; empty: none
  bool positional = false;
};

struct Description {
  std::string name;  // "store"
  std::string summary;
  std::vector<OptionDescription> options;  // in the order of --help
  std::vector<Description> commands;       // "verify", "gc"
};

Description describe(const CLI::App& app);

// Words that are the only values of a type: "off|beside|instead".
std::vector<std::string> choices_of(const std::string& type);

}  // namespace wheelbarrow::app
