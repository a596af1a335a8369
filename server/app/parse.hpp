// Running CLI11 over a command's arguments.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "app/command.hpp"
#include "base/error.hpp"

namespace wheelbarrow::app {

// The exit code if the command ends here: after --help, or because the words are wrong.
inline std::optional<int> parse(CLI::App& app, Arguments arguments) {
  std::ranges::reverse(arguments);  // CLI11 takes them last first
  try {
    app.parse(std::move(arguments));
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return exit_success;
    }
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
    std::fprintf(stderr, "run '%s --help' for its options\n", app.get_name().c_str());
    return exit_usage;
  }
}

// Prints an error as the one line that a failed command ends with.
inline int print_failure(const Error& error) {
  std::fprintf(stderr, "wheelbarrow: %s\n", error.text().c_str());
  return error.kind == ErrorKind::invalid_input ? exit_usage : exit_failure;
}

}  // namespace wheelbarrow::app
