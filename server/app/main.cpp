#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>

#include "app/command.hpp"

namespace {

using namespace wheelbarrow::app;

constexpr std::pair<std::string_view, int (*)(const Arguments&)> commands[] = {
    {"serve", serve_command},   {"resolve", resolve_command}, {"bundle", bundle_command},
    {"export", export_command}, {"inspect", inspect_command}, {"targets", targets_command},
    {"store", store_command},
};

constexpr const char* help =
    "wheelbarrow turns a Python requirement set into one content-addressed bundle of wheels\n"
    "\n"
    "usage: wheelbarrow COMMAND [OPTION...]\n"
    "\n"
    "  serve     serve bundles, wheels and an app over HTTP/2\n"
    "  resolve   print the exact wheels that a requirement set resolves to\n"
    "  bundle    write the bundle of a requirement set to a file\n"
    "  export    write bundles and environments into a folder for a static host\n"
    "  inspect   say what the server makes of a wheel\n"
    "  targets   list the environments that bundles can be for\n"
    "  store     verify, tidy or count what the server has written\n"
    "\n"
    "'wheelbarrow COMMAND --help' lists a command's options.\n"
    "exit code: 0 done, 1 could not be done, 2 wrong words or configuration\n";

int run(const Arguments& arguments) {
  if (arguments.empty()) {
    std::fputs(help, stderr);
    return exit_usage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    std::fputs(help, stdout);
    return exit_success;
  }
  if (name == "--version") {
    std::puts("wheelbarrow " WHEELBARROW_VERSION);
    return exit_success;
  }
  for (const auto& [known, command] : commands) {
    if (name == known) return command({arguments.begin() + 1, arguments.end()});
  }
  std::fprintf(stderr, "wheelbarrow: there is no command '%s'\n%s", name.c_str(), help);
  return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wheelbarrow: %s\n", error.what());
    return exit_failure;
  }
}
