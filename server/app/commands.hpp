// The list of all commands.
#pragma once

#include <span>
#include <vector>

#include "app/command.hpp"
#include "app/description.hpp"

namespace wheelbarrow::app {

struct Command {
  const char* name;
  int (*run)(const Arguments&);
  const char* summary;
};

std::span<const Command> commands();

// What each of them takes.
std::vector<Description> describe_commands();

}  // namespace wheelbarrow::app
