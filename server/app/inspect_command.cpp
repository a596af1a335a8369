#include <iostream>
#include <string_view>

#include "app/command.hpp"
#include "app/parse.hpp"
#include "wheelhouse/wheel_reader.hpp"

namespace wheelbarrow::app {
namespace {

void print_list(std::string_view title, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    std::cout << "  " << title << ' ' << text << '\n';
  }
}

void print_wheel(const wheelhouse::Wheel& wheel) {
  std::cout << wheel.path.native() << '\n'
            << "  name: " << wheel.metadata.name << '\n'
            << "  version: " << wheel.version().str() << '\n'
            << "  sha256: " << wheel.sha256.hex() << '\n'
            << "  size: " << wheel.size << " bytes\n"
            << "  unpacked: " << wheel.file_count << " files, " << wheel.unpacked_size << " bytes\n";
  for (const packaging::Tag& tag : wheel.parsed.tags) {
    std::cout << "  tag: " << tag.str() << '\n';
  }
  if (!wheel.metadata.requires_python.empty()) {
    std::cout << "  requires Python: " << wheel.metadata.requires_python.str() << '\n';
  }
  for (const packaging::Requirement& requirement : wheel.metadata.requires_dist) {
    std::cout << "  requires: " << requirement.str() << '\n';
  }
  print_list("extension module:", wheel.extension_modules);
  print_list("imports:", wheel.imports);
  print_list("warning:", wheel.warnings);
}

}  // namespace

int inspect_command(const Arguments& arguments) {
  CLI::App app("Say what the server makes of a wheel; exit code 1 if it would refuse one",
               "wheelbarrow inspect");
  std::vector<std::string> wheels;
  app.add_option("wheels", wheels, "wheel files")->required()->type_name("WHEEL");
  if (const auto code = parse(app, arguments)) return *code;
  int code = exit_success;
  for (const std::string& path : wheels) {
    const auto wheel = wheelhouse::read_wheel(path);
    if (wheel) {
      print_wheel(*wheel);
    } else {
      std::cout.flush();
      std::cerr << "refused  " << wheel.error().text() << '\n';
      code = exit_failure;
    }
  }
  return code;
}

}  // namespace wheelbarrow::app
