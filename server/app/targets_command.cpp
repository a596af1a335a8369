#include <cstdio>

#include "app/command.hpp"
#include "app/parse.hpp"
#include "packaging/target.hpp"

namespace wheelbarrow::app {

int targets_command(const Arguments& arguments) {
  CLI::App app("List the environments that bundles can be for", "wheelbarrow targets");
  if (const auto code = parse(app, arguments)) return *code;
  for (const packaging::Target& target : packaging::known_targets()) {
    const std::string platform = target.platforms().empty() ? "any" : target.platforms().front();
    std::printf("%-32s Python %-8s %s\n", target.name().c_str(), target.python().str().c_str(),
                platform.c_str());
  }
  return exit_success;
}

}  // namespace wheelbarrow::app
