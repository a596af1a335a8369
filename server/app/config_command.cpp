#include <cstdio>
#include <tuple>
#include <vector>

#include "app/description.hpp"
#include "app/parse.hpp"
#include "app/serve_options.hpp"

namespace wheelbarrow::app {
namespace {

constexpr const char* help =
    "Check or show the configuration of serve\n"
    "\n"
    "usage: wheelbarrow config check [--config FILE] [OPTION...]\n"
    "       wheelbarrow config show [--config FILE] [OPTION...]\n"
    "\n"
    "  check   say whether `wheelbarrow serve` would take it, and what it names that isn't there\n"
    "  show    print every option's value and where it came from, as TOML that can be used again\n"
    "\n"
    "Takes the options and the environment of `wheelbarrow serve`.\n";

int check(const ServeConfiguration& serve) {
  for (const Error& variable : serve.configuration().misspelt()) {
    std::fprintf(stderr, "wheelbarrow: %s\n", variable.text().c_str());
  }
  const std::vector<Error> missing = serve.missing();
  for (const Error& each : missing) {
    std::fprintf(stderr, "wheelbarrow: not on this machine: %s\n", each.text().c_str());
  }
  if (missing.empty()) {
    if (const auto good = serve.check_files(); !good) return print_failure(good.error());
  }
  const std::string& file = serve.configuration().file();
  std::printf("%s: good\n", file.empty() ? "words and environment" : file.c_str());
  return exit_success;
}

int show(const ServeConfiguration& serve) {
  std::fputs(serve.configuration().text().c_str(), stdout);
  return exit_success;
}

Description describe_serve(const char* name, const char* summary) {
  Description description;
  Arguments question;
  question.description = &description;
  std::ignore = ServeConfiguration().read(question);
  description.name = name;
  description.summary = summary;
  return description;
}

}  // namespace

int config_command(const Arguments& arguments) {
  if (arguments.description != nullptr) {
    Description& description = *arguments.description;
    description.name = "config";
    description.summary = "Check or show the configuration of serve";
    description.commands = {describe_serve("check", "Say whether serve would take it"),
                            describe_serve("show", "Print every option's value as TOML")};
    return exit_success;
  }
  const std::string what = arguments.empty() ? "" : arguments.front();
  if (what == "--help" || what == "-h") {
    std::fputs(help, stdout);
    return exit_success;
  }
  if (what != "check" && what != "show") {
    std::fprintf(stderr, "wheelbarrow: expected 'config check' or 'config show'\n");
    return exit_usage;
  }
  ServeConfiguration serve;
  const Result<bool> going_on = serve.read({arguments.begin() + 1, arguments.end()});
  if (!going_on) return print_failure(going_on.error());
  if (!*going_on) return exit_success;
  return what == "check" ? check(serve) : show(serve);
}

}  // namespace wheelbarrow::app
