#include "app/configuration.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "app/description.hpp"
#include "app/parse.hpp"
#include "app/suggestion.hpp"

namespace wheelbarrow::app {
namespace {

std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : option.get_lnames().front();
}

bool is_list(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

bool is_flag(const CLI::Option& option) {
  return option.get_expected_min() == 0;
}

// "off|beside|instead" as an option's type says which words it takes.
std::vector<std::string> words_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return choices_of(type.substr(0, type.find(':')));  // validators follow
}

bool is_number(const std::string& text) {
  const bool digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return digits && (text == "0" || text.front() != '0');
}

std::string toml(const Configuration::Value& value) {
  const auto one = [](const std::string& text) {
    return is_number(text) || text == "true" || text == "false" ? text : quoted_setting(text);
  };
  if (!value.is_list) return value.texts.empty() ? "\"\"" : one(value.texts.front());
  std::string list;
  for (const std::string& text : value.texts) {
    list += (list.empty() ? "" : ", ") + quoted_setting(text);
  }
  return "[" + list + "]";
}

}  // namespace

Configuration::Configuration(CLI::App& app) : app_(app) {
  app_.add_option("--config", file_, "configuration file (TOML) with these options by their long names")
      ->type_name("FILE")
      ->configurable(false)
      ->envname("WHEELBARROW_CONFIG");
}

std::vector<CLI::Option*> Configuration::options() const {
  return app_.get_options(
      [](CLI::Option* option) { return !option->get_envname().empty() && option->get_configurable(); });
}

std::vector<std::string> Configuration::names() const {
  std::vector<std::string> names;
  for (const CLI::Option* option : options()) {
    names.push_back(name_of(*option));
  }
  return names;
}

Error Configuration::explain(const CLI::Error& error, const CLI::Option* option, std::string origin) const {
  std::string message = error.what();
  if (option != nullptr) {
    const std::string name = name_of(*option);
    const std::string prefix = "--" + name + ": ";
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
    const std::string given = option->results().empty() ? "" : option->results().front();
    if (const std::vector<std::string> words = words_of(*option); !words.empty()) {
      message = "'" + given + "' is not one of " + CLI::detail::join(words, ", ") + suggestion(given, words);
    } else if (option->get_type_name().starts_with("SIZE")) {
      message = "expected bytes, or a size like 500M or 20G";
    } else if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
      message = "can't take '" + given + "'; expected " + option->get_type_name();
    }
    if (origin != "--" + name) message = name + ": " + message;
  }
  return {ErrorKind::invalid_input, std::move(message), std::move(origin)};
}

Result<bool> Configuration::read(Arguments arguments) {
  Result<bool> going_on = read_words(std::move(arguments));
  if (!going_on || !*going_on) return going_on;
  if (auto done = read_environment(); !done) return std::unexpected(done.error());
  if (auto done = read_file(); !done) return std::unexpected(done.error());
  return true;
}

Result<bool> Configuration::read_words(Arguments arguments) {
  if (arguments.description != nullptr) {
    *arguments.description = describe(app_);
    return false;
  }
  // Without their variables' names, CLI11 reads options from the words alone.
  std::vector<std::pair<CLI::Option*, std::string>> variables;
  for (CLI::Option* option : app_.get_options([](CLI::Option*) { return true; })) {
    variables.emplace_back(option, option->get_envname());
    option->envname("");
  }
  const auto restore = [&variables] {
    for (const auto& [option, variable] : variables) {
      option->envname(variable);
    }
  };
  std::ranges::reverse(arguments);  // CLI11 takes them last first
  try {
    app_.parse(std::move(arguments));
    restore();
  } catch (const CLI::CallForHelp& help) {
    restore();
    app_.exit(help);
    return false;
  } catch (const CLI::ExtrasError&) {
    restore();
    return fail(ErrorKind::invalid_input, unknown_word(app_));
  } catch (const CLI::ParseError& error) {
    restore();
    // CLI11 says in words which option it is about.
    const std::string message = error.what();
    for (const CLI::Option* option : options()) {
      const std::string word = "--" + name_of(*option);
      const bool named = message.starts_with(word + ":") || message.starts_with(word + " ") ||
                         message.find(": " + word + " =") != message.npos;
      if (named) return std::unexpected(explain(error, option, word));
    }
    return std::unexpected(explain(error, nullptr, {}));
  }
  for (const auto& [option, variable] : variables) {
    if (option->count() > 0) origins_[option] = "--" + name_of(*option);
  }
  return true;
}

Result<void> Configuration::set(CLI::Option& option, std::vector<std::string> texts, std::string origin) {
  if (option.count() > 0) return {};  // said by what comes before
  const bool says_nothing = texts.empty() || (!is_list(option) && texts.front().empty());
  origins_[&option] = origin;
  if (says_nothing) return {};
  try {
    if (is_flag(option)) texts.front() = option.get_flag_value(name_of(option), texts.front());
    option.add_result(std::move(texts));
    option.run_callback();
  } catch (const CLI::Error& error) {
    return std::unexpected(explain(error, &option, std::move(origin)));
  }
  return {};
}

Result<void> Configuration::read_environment() {
  for (CLI::Option* option :
       app_.get_options([](CLI::Option* each) { return !each->get_envname().empty(); })) {
    const char* const value = std::getenv(option->get_envname().c_str());
    if (value == nullptr || *value == '\0') continue;
    std::vector<std::string> texts{value};
    if (is_list(*option)) {
      texts = CLI::detail::split(value, '\n');
      std::erase(texts, "");
    }
    if (auto done = set(*option, std::move(texts), option->get_envname()); !done) return done;
  }
  return {};
}

std::vector<Error> Configuration::misspelt() const {
  constexpr std::string_view prefix = "WHEELBARROW_";
  std::vector<std::string> known;
  for (const CLI::Option* option : app_.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_envname().starts_with(prefix))
      known.push_back(option->get_envname().substr(prefix.size()));
  }
  std::vector<Error> misspelt;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry, std::strcspn(*entry, "="));
    if (!variable.starts_with(prefix)) continue;
    const std::string_view name = variable.substr(prefix.size());
    if (std::ranges::find(known, name) != known.end()) continue;
    if (const auto meant = nearest(name, known)) {
      misspelt.push_back({ErrorKind::invalid_input,
                          "no option's variable; did you mean '" + std::string(prefix) + *meant + "'?",
                          std::string(variable)});
    }
  }
  return misspelt;
}

Result<void> Configuration::read_file() {
  if (file_.empty()) return {};
  const auto settings = read_settings(file_);
  if (!settings) return std::unexpected(settings.error());
  for (const Setting& setting : *settings) {
    const std::string origin = file_ + ":" + std::to_string(setting.line);
    CLI::Option* const option = app_.get_option_no_throw("--" + setting.name);
    if (option == nullptr || option->get_envname().empty() || !option->get_configurable()) {
      return fail(ErrorKind::invalid_input,
                  "unknown option '" + setting.name + "'" + suggestion(setting.name, names()), origin);
    }
    if (setting.is_list && !is_list(*option)) {
      return fail(ErrorKind::invalid_input, setting.name + ": takes one value, not an array", origin);
    }
    if (auto done = set(*option, setting.values, origin); !done) return done;
  }
  return {};
}

std::unexpected<Error> Configuration::refuse(const std::string& name, std::string message) const {
  const auto found = origins_.find(app_.get_option_no_throw("--" + name));
  std::string origin = found == origins_.end() ? "--" + name : found->second;
  if (origin != "--" + name) message = name + ": " + message;
  return fail(ErrorKind::invalid_input, std::move(message), std::move(origin));
}

std::vector<Configuration::Value> Configuration::values() const {
  std::vector<Value> values;
  for (const CLI::Option* option : options()) {
    Value value{name_of(*option), option->results(), is_list(*option), "default"};
    if (const auto found = origins_.find(option); found != origins_.end()) value.origin = found->second;
    if (value.texts.empty() && is_flag(*option)) value.texts = {"false"};
    if (value.texts.empty() && !option->get_default_str().empty()) value.texts = {option->get_default_str()};
    values.push_back(std::move(value));
  }
  return values;
}

std::string Configuration::text() const {
  std::string text;
  for (const Value& value : values()) {
    text += value.name + " = " + toml(value) + "  # " + value.origin + "\n";
  }
  return text;
}

}  // namespace wheelbarrow::app
