#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands.hpp"
#include "app/parse.hpp"
#include "app/shell_word.hpp"

namespace wheelbarrow::app {
namespace {

enum class Value { none, word, choice, file, folder };

Value value_of(const OptionDescription& option) {
  const std::string& type = option.type;
  if (type.empty()) return Value::none;
  if (!choices_of(type).empty()) return Value::choice;
  if (type.starts_with("DIR")) return Value::folder;
  const bool is_file =
      std::ranges::any_of(std::to_array<std::string_view>({"FILE", "PROGRAM", "WHEEL", "TEXT"}),
                          [&](std::string_view begin) { return type.starts_with(begin); });
  return is_file ? Value::file : Value::word;
}

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : std::string(between)) + word;
  }
  return text;
}

// What may follow a command: its commands' options are taken together, because few differ.
std::vector<OptionDescription> options_of(const Description& command) {
  std::vector<OptionDescription> options = command.options;
  for (const Description& below : command.commands) {
    for (const OptionDescription& option : below.options) {
      const auto same = [&](const OptionDescription& other) { return other.names == option.names; };
      if (std::ranges::none_of(options, same)) options.push_back(option);
    }
  }
  return options;
}

std::vector<std::string> names_of(const std::vector<Description>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const Description& command : commands) {
    names.push_back(command.name);
  }
  return names;
}

std::vector<std::string> choices_of_positionals(const Description& command) {
  std::vector<std::string> words = names_of(command.commands);
  for (const OptionDescription& option : command.options) {
    if (!option.positional) continue;
    const auto choices = choices_of(option.type);
    words.insert(words.end(), choices.begin(), choices.end());
  }
  return words;
}

bool takes_files(const Description& command) {
  return std::ranges::any_of(command.options, [](const OptionDescription& option) {
    return option.positional && value_of(option) == Value::file;
  });
}

std::string bash_values(const OptionDescription& option) {
  switch (value_of(option)) {
    case Value::choice:
      return "mapfile -t COMPREPLY < <(compgen -W '" + joined(choices_of(option.type)) + "' -- \"$word\")";
    case Value::file:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\")";
    case Value::folder:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$word\")";
    default:
      return ":";
  }
}

std::string bash_command(const Description& command) {
  std::string text = "    " + command.name + ")\n      case $before in\n";
  std::vector<std::string> words = choices_of_positionals(command);
  for (const OptionDescription& option : options_of(command)) {
    if (option.positional) continue;
    words.insert(words.end(), option.names.begin(), option.names.end());
    if (value_of(option) == Value::none) continue;
    text += "        " + joined(option.names, " | ") + ") " + bash_values(option) + "; return ;;\n";
  }
  text += "      esac\n      mapfile -t COMPREPLY < <(compgen -W '" + joined(words) + "' -- \"$word\")\n";
  if (takes_files(command)) {
    text +=
        "      compopt -o filenames\n"
        "      mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$word\")\n";
  }
  return text + "      ;;\n";
}

std::string bash(const std::vector<Description>& commands) {
  std::string text =
      "# bash completion for wheelbarrow: source <(wheelbarrow completion bash)\n"
      "_wheelbarrow() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '" +
      joined(names_of(commands)) +
      " --help --version' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  # \"--option=val\" is three words here.\n"
      "  if [[ $word == '=' ]]; then\n"
      "    word=''\n"
      "  elif [[ $before == '=' ]]; then\n"
      "    before=${COMP_WORDS[COMP_CWORD - 2]}\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const Description& command : commands) {
    text += bash_command(command);
  }
  return text + "  esac\n}\ncomplete -F _wheelbarrow wheelbarrow\n";
}

// Inside _arguments' "[...]" and ":" have a meaning.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const OptionDescription& option) {
  switch (value_of(option)) {
    case Value::none:
      return {};
    case Value::choice:
      return ":value:(" + joined(choices_of(option.type)) + ")";
    case Value::file:
      return ":file:_files";
    case Value::folder:
      return ":folder:_files -/";
    case Value::word:
      break;
  }
  return ":" + zsh_text(option.type) + ": ";
}

std::string zsh(const std::vector<Description>& commands) {
  std::string text =
      "#compdef wheelbarrow\n"
      "# zsh completion for wheelbarrow: put this on fpath as _wheelbarrow\n"
      "_wheelbarrow() {\n"
      "  if ((CURRENT == 2)); then\n"
      "    local -a commands=(\n";
  for (const Description& command : commands) {
    text += "      " + shell_word(command.name + ":" + command.summary) + "\n";
  }
  text +=
      "    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n";
  for (const Description& command : commands) {
    text += "    " + command.name + ")\n      _arguments -s";
    for (const OptionDescription& option : options_of(command)) {
      if (option.positional) continue;
      for (const std::string& name : option.names) {
        // "*": may come again; "=": its value may follow in the same word.
        const bool is_long_with_value = name.starts_with("--") && !option.type.empty();
        text += " \\\n        " + shell_word("*" + name + (is_long_with_value ? "=" : "") + "[" +
                                             zsh_text(option.help) + "]" + zsh_values(option));
      }
    }
    const auto choices = choices_of_positionals(command);
    if (!choices.empty()) text += " \\\n        " + shell_word("*:word:(" + joined(choices) + ")");
    if (choices.empty() && takes_files(command)) text += " \\\n        '*:file:_files'";
    text += "\n      ;;\n";
  }
  return text + "  esac\n}\n_wheelbarrow \"$@\"\n";
}

std::string fish_option(const std::string& condition, const OptionDescription& option) {
  std::string text = "complete -c wheelbarrow -n " + shell_word(condition);
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  switch (value_of(option)) {
    case Value::none:
      break;
    case Value::choice:
      text += " -x -a " + shell_word(joined(choices_of(option.type)));
      break;
    case Value::file:
      text += " -r -F";
      break;
    case Value::folder:
      text += " -x -a '(__fish_complete_directories)'";
      break;
    case Value::word:
      text += " -x";
      break;
  }
  return text + " -d " + shell_word(option.help) + "\n";
}

std::string fish(const std::vector<Description>& commands) {
  std::string text =
      "# fish completion for wheelbarrow: wheelbarrow completion fish | source\n"
      "complete -c wheelbarrow -f\n"
      "complete -c wheelbarrow -n __fish_use_subcommand -l help -d 'Print what the commands are'\n"
      "complete -c wheelbarrow -n __fish_use_subcommand -l version -d 'Print the version'\n";
  for (const Description& command : commands) {
    text += "complete -c wheelbarrow -n __fish_use_subcommand -a " + command.name + " -d " +
            shell_word(command.summary) + "\n";
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionDescription& option : options_of(command)) {
      if (!option.positional) text += fish_option(condition, option);
    }
    if (const auto choices = choices_of_positionals(command); !choices.empty()) {
      text +=
          "complete -c wheelbarrow -n " + shell_word(condition) + " -a " + shell_word(joined(choices)) + "\n";
    }
    if (takes_files(command)) text += "complete -c wheelbarrow -n " + shell_word(condition) + " -F\n";
  }
  return text;
}

}  // namespace

int completion_command(const Arguments& arguments) {
  CLI::App app("Print what makes a shell complete these commands", "wheelbarrow completion");
  std::string shell;
  app.add_option("shell", shell, "the shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("bash|zsh|fish");
  if (const auto code = parse(app, arguments)) return *code;
  const auto described = describe_commands();
  const std::string text = shell == "bash"  ? bash(described)
                           : shell == "zsh" ? zsh(described)
                                            : fish(described);
  std::fputs(text.c_str(), stdout);
  return exit_success;
}

}  // namespace wheelbarrow::app
