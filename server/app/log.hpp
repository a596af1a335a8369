// The program's own log, on standard error: what happened to the server, as against to a request (that is the
// access log). Every room logs events, "what happened  field=value field=value"; here they become text for a
// human or JSON for a program.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace wheelbarrow::app {

struct LogOptions {
  std::string level = "info";
  std::string format = "auto";  // text on a terminal, else json

  void add_options(CLI::App& app);
};

// Makes spdlog's default logger what the options say. Safe while others log.
void set_log(const LogOptions& options);

// An event as JSON's members, without the braces: "event":"wheel refused","file":"a.whl","reason":"...". A
// field begins at a space before letters or dashes and '=', so a value may hold spaces; a name that was there
// already belongs to the value before it. All values are strings.
std::string json_members(std::string_view event);

// Text as JSON writes it, with quotes, in ASCII: other bytes are taken for Latin-1, so that any are valid.
void append_json(std::string& out, std::string_view text);

}  // namespace wheelbarrow::app
