#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"
#include "packaging/target.hpp"
#include "routes/targets.hpp"

namespace wheelbarrow::app {
namespace {

void print_line(const packaging::Target& target) {
  const std::string platform = target.platforms().empty() ? "any" : target.platforms().front();
  std::printf("%-32s Python %-8s %s\n", target.name().c_str(), target.python().str().c_str(),
              platform.c_str());
}

void print_all_of(const packaging::Target& target) {
  print_line(target);
  const packaging::MarkerEnvironment& markers = target.markers();
  const std::pair<const char*, const std::string&> values[] = {
      {"implementation_name", markers.implementation_name},
      {"implementation_version", markers.implementation_version},
      {"os_name", markers.os_name},
      {"platform_machine", markers.platform_machine},
      {"platform_python_implementation", markers.platform_python_implementation},
      {"platform_release", markers.platform_release},
      {"platform_system", markers.platform_system},
      {"platform_version", markers.platform_version},
      {"python_full_version", markers.python_full_version},
      {"python_version", markers.python_version},
      {"sys_platform", markers.sys_platform},
  };
  for (const auto& [name, value] : values) {
    std::printf("marker %s = \"%s\"\n", name, value.c_str());
  }
  for (const packaging::Tag& tag : target.tags()) {
    std::printf("tag %s\n", tag.str().c_str());
  }
}

}  // namespace

int targets_command(const Arguments& arguments) {
  CLI::App app("List the environments that bundles can be for", "wheelbarrow targets");
  std::vector<std::string> definitions;
  add_target_definitions(app, definitions);
  std::string name;
  app.add_option("name", name, "print this one's marker values, and its tags, best first")->type_name("NAME");
  if (const auto code = parse(app, arguments)) return *code;
  const auto defined = routes::define_targets(definitions);
  if (!defined) return print_failure(defined.error());
  if (!name.empty()) {
    const auto target = routes::find_target(name, *defined);
    if (!target) return print_failure(target.error());
    print_all_of(*target);
    return exit_success;
  }
  for (const auto targets : {std::span(*defined), std::span(packaging::known_targets())}) {
    for (const packaging::Target& target : targets) {
      print_line(target);
    }
  }
  return exit_success;
}

}  // namespace wheelbarrow::app
