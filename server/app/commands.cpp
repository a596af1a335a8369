#include "app/commands.hpp"

namespace wheelbarrow::app {
namespace {

constexpr Command list[] = {
    {"serve", serve_command, "serve bundles, wheels and an app over HTTP/2"},
    {"dev", dev_command, "serve the app in a folder to who works on it"},
    {"health", health_command, "ask a running server whether it is well"},
    {"resolve", resolve_command, "print the exact wheels that a requirement set resolves to"},
    {"bundle", bundle_command, "write the bundle of a requirement set to a file"},
    {"export", export_command, "write bundles and environments into a folder for a static host"},
    {"add", add_command, "put wheels into a folder that servers watch"},
    {"remove", remove_command, "remove wheels from it"},
    {"yank", yank_command, "mark wheels of it as withdrawn, or take that back"},
    {"inspect", inspect_command, "say what the server makes of a wheel"},
    {"targets", targets_command, "list the environments that bundles can be for"},
    {"store", store_command, "verify, tidy or count what the server has written"},
    {"config", config_command, "check or show the configuration of serve"},
    {"doctor", doctor_command, "say what proxies and caches on the way to a server break"},
    {"completion", completion_command, "print what makes a shell complete these commands"},
    {"man", man_command, "print the manual page"},
};

}  // namespace

std::span<const Command> commands() {
  return list;
}

std::vector<Description> describe_commands() {
  std::vector<Description> descriptions;
  for (const Command& command : list) {
    Description description;
    Arguments question;
    question.description = &description;
    command.run(question);
    descriptions.push_back(std::move(description));
  }
  return descriptions;
}

}  // namespace wheelbarrow::app
