#include "app/description.hpp"

#include <algorithm>
#include <sstream>

namespace wheelbarrow::app {
namespace {

// CLI11 adds what its validators say behind the type: "N:INT in [1 - 1024]".
std::string without_validators(const std::string& type) {
  for (const char* const begin :
       {":INT", ":UINT", ":POSITIVE", ":NONNEGATIVE", ":value in", ":{", ":SIZE", " OR "}) {
    if (const std::size_t at = type.find(begin); at != std::string::npos) return type.substr(0, at);
  }
  return type;
}

OptionDescription describe(const CLI::Option& option) {
  OptionDescription description;
  for (const std::string& name : option.get_lnames()) {
    description.names.push_back("--" + name);
  }
  for (const std::string& name : option.get_snames()) {
    description.names.push_back("-" + name);
  }
  description.positional = description.names.empty();
  if (description.positional) description.names.push_back(option.get_name(true));
  if (option.get_items_expected_max() > 0) {
    description.type = without_validators(option.get_type_name());
    if (description.type.empty()) description.type = "FILE";  // of --config, to which CLI11 gives none
    description.by_default = option.get_default_str();
  }
  description.help = option.get_description();
  description.environment = option.get_envname();
  return description;
}

}  // namespace

Description describe(const CLI::App& app) {
  Description description;
  const std::string& name = app.get_name();
  description.name = name.substr(name.rfind(' ') + 1);
  description.summary = app.get_description();
  description.summary.resize(std::min(description.summary.find('\n'), description.summary.size()));
  for (const CLI::Option* const option : app.get_options()) {
    description.options.push_back(describe(*option));
  }
  for (const CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) {
    description.commands.push_back(describe(*command));
  }
  return description;
}

std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  std::istringstream words(type);
  for (std::string word; std::getline(words, word, '|');) {
    if (word.empty() || !std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; }))
      return {};
    choices.push_back(word);
  }
  return choices.size() > 1 ? choices : std::vector<std::string>();
}

}  // namespace wheelbarrow::app
