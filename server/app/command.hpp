// The commands of the program. Each parses its own words and runs; `arguments` begins after the command's
// name.
#pragma once

#include <string>
#include <vector>

namespace wheelbarrow::app {

// Exit codes, the same for every command.
inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;  // the work could not be done; one line on standard error says why
inline constexpr int exit_usage = 2;    // the words or the configuration are wrong

struct Description;

// The words of a command.
struct Arguments : std::vector<std::string> {
  using std::vector<std::string>::vector;
  // If there is one, the command does nothing but say in it what it takes.
  Description* description = nullptr;
};

int serve_command(const Arguments& arguments);
int dev_command(const Arguments& arguments);
int doctor_command(const Arguments& arguments);
int remove_command(const Arguments& arguments);
int resolve_command(const Arguments& arguments);
int add_command(const Arguments& arguments);
int bundle_command(const Arguments& arguments);
int completion_command(const Arguments& arguments);
int config_command(const Arguments& arguments);
int export_command(const Arguments& arguments);
int health_command(const Arguments& arguments);
int inspect_command(const Arguments& arguments);
int man_command(const Arguments& arguments);
int store_command(const Arguments& arguments);
int targets_command(const Arguments& arguments);
int yank_command(const Arguments& arguments);

}  // namespace wheelbarrow::app
