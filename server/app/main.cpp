#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/suggestion.hpp"

namespace {

using namespace wheelbarrow::app;

std::string help() {
  std::string text =
      "wheelbarrow turns a Python requirement set into one content-addressed bundle of wheels\n"
      "\n"
      "usage: wheelbarrow COMMAND [OPTION...]\n"
      "\n";
  for (const Command& command : commands()) {
    std::string name = command.name;
    name.resize(12, ' ');
    text += "  " + name + command.summary + '\n';
  }
  return text +
         "\n"
         "'wheelbarrow COMMAND --help' lists a command's options.\n"
         "exit code: 0 done, 1 could not be done, 2 wrong words or configuration\n";
}

int run(const Arguments& arguments) {
  if (arguments.empty()) {
    std::fputs(help().c_str(), stderr);
    return exit_usage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    std::fputs(help().c_str(), stdout);
    return exit_success;
  }
  if (name == "--version") {
    std::puts("wheelbarrow " WHEELBARROW_VERSION);
    return exit_success;
  }
  for (const Command& command : commands()) {
    if (name == command.name) return command.run(Arguments(arguments.begin() + 1, arguments.end()));
  }
  std::vector<std::string> known;
  for (const Command& command : commands()) {
    known.emplace_back(command.name);
  }
  std::fprintf(stderr, "wheelbarrow: there is no command '%s'%s (commands: wheelbarrow --help)\n",
               name.c_str(), suggestion(name, known).c_str());
  return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(Arguments(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wheelbarrow: %s\n", error.what());
    return exit_failure;
  }
}
