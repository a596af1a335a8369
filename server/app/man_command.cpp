#include <cstdio>
#include <string>

#include "app/commands.hpp"
#include "app/parse.hpp"

namespace wheelbarrow::app {
namespace {

// As roff takes it for text: a hyphen that can be copied, no request at a line's beginning.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
    if (c == '-') {
      out += "\\-";
    } else if (c == '\\') {
      out += "\\e";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string bold(const std::string& text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string italic(const std::string& text) {
  return "\\fI" + roff(text) + "\\fR";
}

std::string option_entry(const OptionDescription& option) {
  std::string text = ".TP\n";
  for (const std::string& name : option.names) {
    text += (&name == &option.names.front() ? "" : ", ") + (option.positional ? italic(name) : bold(name));
  }
  if (!option.positional && !option.type.empty()) text += " " + italic(option.type);
  text += "\n" + roff(option.help);
  if (!option.by_default.empty()) text += " (default: " + roff(option.by_default) + ")";
  if (!option.environment.empty()) text += "; " + bold("$" + option.environment);
  return text + "\n";
}

std::string synopsis(const std::string& words, const Description& command) {
  std::string text = bold(words) + " [" + italic("OPTION") + "...]";
  for (const OptionDescription& option : command.options) {
    if (option.positional) text += " " + italic(option.names.front());
  }
  return text;
}

std::string section(const std::string& words, const Description& command) {
  std::string text = ".SS " + words + "\n" + roff(command.summary) + ".\n";
  if (command.commands.empty()) text += ".PP\n" + synopsis(words, command) + "\n";
  for (const OptionDescription& option : command.options) {
    text += option_entry(option);
  }
  for (const Description& below : command.commands) {
    text += section(words + " " + below.name, below);
  }
  return text;
}

std::string page() {
  std::string text =
      ".TH WHEELBARROW 1 \"\" \"wheelbarrow " WHEELBARROW_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\n"
      "wheelbarrow \\- turn a Python requirement set into one content\\-addressed bundle of wheels\n"
      ".SH SYNOPSIS\n"
      "\\fBwheelbarrow\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...]\n"
      ".SH DESCRIPTION\n"
      "An HTTP/2 server that turns a Python requirement set into one download. It is given folders of "
      "wheels; for\n"
      "any requirement set it resolves the exact wheels and sends them as one content\\-addressed tar, each "
      "wheel\n"
      "unpacked and compressed once and joined on demand.\n"
      ".SH COMMANDS\n";
  for (const Description& command : describe_commands()) {
    text += section("wheelbarrow " + command.name, command);
  }
  return text +
         ".SH EXIT STATUS\n"
         "0: done. 1: it could not be done. 2: the words or the configuration are wrong. Where it is not 0, "
         "one\n"
         "line on standard error says why.\n"
         ".SH SIGNALS\n"
         "\\fBSIGTERM\\fR and \\fBSIGINT\\fR let a server's running requests finish; a second one ends it at "
         "once.\n"
         "\\fBSIGHUP\\fR reads the configuration, the certificate, tokens and allowed sets again.\n"
         "\\fBSIGUSR1\\fR opens the access log again.\n"
         ".SH FILES\n"
         ".TP\n"
         "\\fI/etc/wheelbarrow/wheelbarrow.toml\\fR\n"
         "The configuration that the service reads.\n"
         ".TP\n"
         "\\fI/usr/share/doc/wheelbarrow/examples/wheelbarrow.toml\\fR\n"
         "Every option with its default.\n"
         ".SH SEE ALSO\n"
         "\\fBsystemctl\\fR(1), \\fBsystemd.socket\\fR(5)\n";
}

}  // namespace

int man_command(const Arguments& arguments) {
  CLI::App app("Print the manual page, to be read with 'man -l -'", "wheelbarrow man");
  if (const auto code = parse(app, arguments)) return *code;
  std::fputs(page().c_str(), stdout);
  return exit_success;
}

}  // namespace wheelbarrow::app
