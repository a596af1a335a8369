// The part of TOML that a file of options needs: "name = value" lines, a value being text, a number, true or
// false, or an array of these. CLI11 reads such files too, but forgives what is no TOML and forgets the
// lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::app {

struct Setting {
  std::string name;
  std::vector<std::string> values;
  bool is_list = false;
  unsigned line = 0;  // from 1
};

// The settings in their order. ErrorKind::invalid_input with "FILE:LINE" as its `where` for what is no TOML,
// a table, a value that spans lines (but for arrays), and a name that comes twice. `file` is for messages
// only.
Result<std::vector<Setting>> parse_settings(std::string_view text, const std::string& file);

// The same of a file. ErrorKind::invalid_input if it can't be read, or is no text of a sane size.
Result<std::vector<Setting>> read_settings(const std::string& file);

// Text as TOML writes it, with quotes.
std::string quoted_setting(std::string_view text);

}  // namespace wheelbarrow::app
