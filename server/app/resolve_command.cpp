#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "app/command.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"
#include "resolver/resolver.hpp"
#include "routes/derivation_json.hpp"
#include "routes/lock_json.hpp"
#include "routes/pylock.hpp"

namespace wheelbarrow::app {
namespace {

int print_why_not(const resolver::Failure& failure, bool as_json) {
  if (as_json) {
    boost::json::object why;
    why["detail"] = failure.text();
    why["derivation"] = routes::to_json(failure.derivation);
    std::cout << boost::json::serialize(why) << '\n';
  }
  return print_failure(failure);
}

}  // namespace

int resolve_command(const Arguments& arguments) {
  CLI::App app("Print the exact wheels that a requirement set resolves to; the order of asking means nothing",
               "wheelbarrow resolve");
  Selection selection;
  selection.add_options(app);
  bool as_json = false;
  bool as_pylock = false;
  auto* const json = app.add_flag("--json", as_json, "print the lock as JSON, or why there is none");
  app.add_flag("--pylock", as_pylock, "print the lock as a pylock.toml (PEP 751)")->excludes(json);
  if (const auto code = parse(app, arguments)) return *code;

  const auto requirements = selection.read_requirements();
  if (!requirements) return print_failure(requirements.error());
  const auto wheelhouse = selection.open_wheelhouse();
  if (!wheelhouse) return print_failure(wheelhouse.error());
  const auto catalog = (*wheelhouse)->catalog();
  const auto target = selection.find_target(*catalog);
  if (!target) return print_failure(target.error());
  const auto lock = resolver::resolve(*catalog, *target, *requirements);
  if (!lock) return print_why_not(lock.error(), as_json);
  for (const std::string& warning : lock->warnings) {
    std::fprintf(stderr, "wheelbarrow: warning: %s\n", warning.c_str());
  }
  if (as_json) {
    std::cout << boost::json::serialize(routes::to_json(*lock)) << '\n';
    return exit_success;
  }
  if (as_pylock) {
    std::cout << routes::to_pylock(*lock, *target);
    return exit_success;
  }
  std::cout << "# target: " << lock->target << '\n';
  for (const resolver::LockedWheel& locked : lock->wheels) {
    const wheelhouse::Wheel& wheel = *locked.wheel;
    std::cout << wheel.name() << "==" << wheel.version().str() << "  # " << wheel.filename << '\n';
  }
  return exit_success;
}

}  // namespace wheelbarrow::app
