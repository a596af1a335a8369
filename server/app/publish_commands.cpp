#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/parse.hpp"
#include "wheelhouse/wheel_folder.hpp"
#include "wheelhouse/yanked_mark.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace {

using wheelhouse::WheelFolder;

void add_folder(CLI::App& app, std::string& folder) {
  app.add_option("--wheels", folder, "the folder of wheels")
      ->required()
      ->type_name("DIR")
      ->envname("WHEELBARROW_WHEELS");
}

void add_selectors(CLI::App& app, std::vector<std::string>& selectors) {
  app.add_option("selectors", selectors, "file names of wheels, or name==version for all of a version's")
      ->required()
      ->type_name("WHEEL|NAME==VERSION");
}

// Each of them, whatever becomes of the others; the exit code.
int for_each_meant(const std::string& folder, const std::vector<std::string>& selectors, const char* done,
                   const std::function<Result<void>(const WheelFolder&, const fs::path&)>& act) {
  const auto wheels = WheelFolder::open(folder);
  if (!wheels) return print_failure(wheels.error());
  int code = exit_success;
  for (const std::string& selector : selectors) {
    const auto found = wheels->find(selector);
    if (!found) {
      code = std::max(code, print_failure(found.error()));
      continue;
    }
    for (const fs::path& wheel : *found) {
      if (const auto acted = act(*wheels, wheel); acted) {
        std::printf("%s  %s\n", done, wheel.c_str());
      } else {
        code = std::max(code, print_failure(acted.error()));
      }
    }
  }
  return code;
}

}  // namespace

int add_command(const Arguments& arguments) {
  CLI::App app("Put wheels into a folder that servers watch, each whole or not at all, after every check",
               "wheelbarrow add");
  std::string folder;
  std::vector<std::string> files;
  add_folder(app, folder);
  app.add_option("files", files, "wheel files")->required()->type_name("WHEEL");
  if (const auto code = parse(app, arguments)) return *code;
  const auto wheels = WheelFolder::open(folder);
  if (!wheels) return print_failure(wheels.error());
  int code = exit_success;
  for (const std::string& file : files) {
    if (const auto added = wheels->add(file); added) {
      std::printf("%s  %s\n", added->is_new ? "added" : "there already", added->path.c_str());
    } else {
      std::fprintf(stderr, "refused  %s\n", added.error().text().c_str());
      code = exit_failure;
    }
  }
  return code;
}

int remove_command(const Arguments& arguments) {
  CLI::App app("Remove wheels from a folder; bundles that were made of them stay in the server's data folder",
               "wheelbarrow remove");
  std::string folder;
  std::vector<std::string> selectors;
  add_folder(app, folder);
  add_selectors(app, selectors);
  if (const auto code = parse(app, arguments)) return *code;
  return for_each_meant(folder, selectors, "removed", [](const WheelFolder& wheels, const fs::path& wheel) {
    return wheels.remove(wheel);
  });
}

int yank_command(const Arguments& arguments) {
  CLI::App app("Yank wheels (PEP 592): they are used only where a requirement names their very version",
               "wheelbarrow yank");
  std::string folder;
  std::vector<std::string> selectors;
  std::string reason;
  bool undo = false;
  add_folder(app, folder);
  add_selectors(app, selectors);
  auto* const why =
      app.add_option("--reason", reason, "why, for whoever asks for one")->type_name("SENTENCE");
  app.add_flag("--undo", undo, "take it back")->excludes(why);
  if (const auto code = parse(app, arguments)) return *code;
  if (const auto checked = wheelhouse::check_yanked_reason(reason); !checked) {
    return print_failure({ErrorKind::invalid_input,
                          "--reason is one line of at most 1000 bytes in UTF-8: " + checked.error().message});
  }
  if (undo) {
    return for_each_meant(
        folder, selectors, "no longer yanked",
        [](const WheelFolder& wheels, const fs::path& wheel) { return wheels.take_yank_back(wheel); });
  }
  return for_each_meant(folder, selectors, "yanked", [&](const WheelFolder& wheels, const fs::path& wheel) {
    return wheels.yank(wheel, reason);
  });
}

}  // namespace wheelbarrow::app
