// Running CLI11 over a command's arguments.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/description.hpp"
#include "app/suggestion.hpp"
#include "base/error.hpp"

namespace wheelbarrow::app {

// What is wrong with the first word that `app` didn't expect, and what may have been meant.
inline std::string unknown_word(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  const std::string word = rest.empty() ? "" : rest.front().substr(0, rest.front().find('='));
  if (!word.starts_with("--")) return "unexpected word '" + word + "'";
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      known.push_back("--" + name);
    }
  }
  return "unknown option '" + word + "'" + suggestion(word, known);
}

// The exit code if the command ends here: after --help, once it is described, or because the words are wrong.
inline std::optional<int> parse(CLI::App& app, Arguments arguments) {
  if (arguments.description != nullptr) {
    *arguments.description = describe(app);
    return exit_success;
  }
  std::ranges::reverse(arguments);  // CLI11 takes them last first
  try {
    app.parse(std::move(arguments));
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return exit_success;
    }
    const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    std::fprintf(stderr, "%s: %s (options: %s --help)\n", app.get_name().c_str(),
                 unknown ? unknown_word(app).c_str() : error.what(), app.get_name().c_str());
    return exit_usage;
  }
}

// Prints an error as the one line that a failed command ends with.
inline int print_failure(const Error& error) {
  std::fprintf(stderr, "wheelbarrow: %s\n", error.text().c_str());
  return error.kind == ErrorKind::invalid_input ? exit_usage : exit_failure;
}

}  // namespace wheelbarrow::app
