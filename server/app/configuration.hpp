// Where a command's options get their values: its words, the environment (WHEELBARROW_...) and a TOML file,
// in falling precedence. CLI11 knows the options, checks and converts; this knows where each value came from,
// so that a wrong one is refused with its file and line.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/settings_file.hpp"
#include "base/error.hpp"

namespace wheelbarrow::app {

class Configuration {
 public:
  // Adds --config to `app`, which outlives this. Options that can be set elsewhere than in words have an
  // envname(), even where nobody uses it.
  explicit Configuration(CLI::App& app);

  // Gives the options of `app` their values. An empty variable, and an empty text for an option that is no
  // list, leave the option as it is; the variable of a list has a value a line. False if only help was asked
  // for, which has been printed, or what the options are (see Arguments::description);
  // ErrorKind::invalid_input with where the value came from, otherwise.
  Result<bool> read(Arguments arguments);

  // Refuses an option's value; the option is named without dashes.
  std::unexpected<Error> refuse(const std::string& name, std::string message) const;

  // Variables of the environment that look like an option's and are none, for `where` each, with what was
  // meant. Others that begin with WHEELBARROW_ are somebody's own: Kubernetes makes some for a service of
  // that name.
  std::vector<Error> misspelt() const;

  struct Value {
    std::string name;                // without dashes
    std::vector<std::string> texts;  // as given, or the option's default_str(); none if there is neither
    bool is_list = false;
    std::string origin;  // "--threads", "WHEELBARROW_THREADS", "FILE:LINE", or "default"
  };
  std::vector<Value> values() const;

  // The values as a file that read() takes, each with its origin in a comment.
  std::string text() const;

  // The file that was read; empty if none.
  const std::string& file() const { return file_; }

 private:
  Result<bool> read_words(Arguments arguments);
  Result<void> read_environment();
  Result<void> read_file();
  Result<void> set(CLI::Option& option, std::vector<std::string> texts, std::string origin);
  Error explain(const CLI::Error& error, const CLI::Option* option, std::string origin) const;
  // Those that may be in a file.
  std::vector<CLI::Option*> options() const;
  std::vector<std::string> names() const;

  CLI::App& app_;
  std::string file_;
  std::map<const CLI::Option*, std::string> origins_;  // of what isn't a default
};

}  // namespace wheelbarrow::app
