// `serve` in its sandbox: as which user, and what of the options it needs within reach. In two steps, because
// threads start in between and listening takes rights of its own.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.hpp"

namespace wheelbarrow::app {

struct ServeOptions;

struct ConfinementOptions {
  bool sandbox = true;
  std::string user;  // to become; empty: none other

  void add_options(CLI::App& app);
};

class Confinement {
 public:
  // Makes the data folder, becomes the user, and puts what the options don't name out of reach of this
  // process. Where the kernel can't do that, it isn't done. `configuration_file`, which may be empty, stays
  // within reach, too. REQUIRES: the process has one thread.
  static Result<Confinement> begin(const ServeOptions& options, const std::string& configuration_file);

  // When everything listens: takes the system calls that aren't needed any more. Logs what is in force.
  void finish() const;

 private:
  bool sandbox_ = true;
  std::string files_;      // what confines them
  std::string complaint_;  // why nothing does
};

}  // namespace wheelbarrow::app
