// What SIGHUP does: reads the configuration again, brings into effect what can change while the server runs,
// and says what can't.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/serve_options.hpp"
#include "base/error.hpp"

namespace wheelbarrow::app {

class Reload {
 public:
  using Apply = std::function<Result<void>(const ServeOptions&)>;

  // `words` are those of the command line, which go on to win.
  Reload(Arguments words, const ServeConfiguration& in_use);

  // How the options of these names come into effect: called when one of them has another value. On an error
  // the old values count as in use.
  void add(std::vector<std::string> names, Apply apply);

  // Logs what it did. A configuration that is wrong changes nothing.
  void run();

 private:
  using Texts = std::map<std::string, std::vector<std::string>>;  // of all options, by name
  struct Group {
    std::vector<std::string> names;
    Apply apply;
  };

  static Texts texts_of(const ServeConfiguration& configuration);

  Arguments words_;
  ServeKind kind_;
  Texts in_use_;
  std::vector<Group> groups_;
};

}  // namespace wheelbarrow::app
