#include "packaging/requirements_file.hpp"

#include <string>

#include "packaging/scanner.hpp"
#include "packaging/text_lines.hpp"

namespace wheelbarrow::packaging {
namespace {

// A '#' begins a comment at the start of a line and after white space, as in pip; a URL's fragment is none.
std::size_t find_comment(std::string_view line) {
  for (std::size_t i = line.find('#'); i != std::string_view::npos; i = line.find('#', i + 1)) {
    if (i == 0 || is_space(line[i - 1])) return i;
  }
  return std::string_view::npos;
}

struct LogicalLine {
  std::string text;
  std::size_t number = 0;  // of the first physical line
};

// Joins lines that end in a backslash. A comment line never goes on, and ends what went on before it.
LogicalLine next_logical_line(TextLines& lines) {
  LogicalLine logical;
  for (;;) {
    const std::string_view line = lines.next();
    if (logical.number == 0) logical.number = lines.number();
    const std::size_t comment = find_comment(line);
    const bool goes_on = comment == std::string_view::npos && line.ends_with('\\');
    logical.text += goes_on ? line.substr(0, line.size() - 1) : line.substr(0, comment);
    if (!goes_on || lines.at_end()) return logical;
  }
}

// The first word that begins with '-', which pip reads as an option; empty if there is none. Without the
// value of "--option=value".
std::string_view find_option(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '-' || (i > 0 && !is_space(line[i - 1]))) continue;
    const std::string_view word = line.substr(i);
    return word.substr(0, word.find_first_of(" \t="));
  }
  return {};
}

bool is_file_or_url(std::string_view line) {
  const std::string_view first = line.substr(0, line.find_first_of(" \t;["));
  return first.starts_with('.') || first.contains('/') || lower_case(first).ends_with(".whl");
}

}  // namespace

Result<std::vector<Requirement>> parse_requirements_file(std::string_view text, std::string_view name) {
  TextLines lines(skip_byte_order_mark(text));
  std::vector<Requirement> requirements;
  while (!lines.at_end()) {
    const LogicalLine logical = next_logical_line(lines);
    const std::string_view line = trim(logical.text);
    if (line.empty()) continue;
    std::string where = std::string(name) + ":" + std::to_string(logical.number);
    if (const std::string_view option = find_option(line); !option.empty()) {
      return fail(ErrorKind::invalid_input,
                  "the option " + quoted(option) + " is not supported here; only requirements are read",
                  std::move(where));
    }
    if (is_file_or_url(line)) {
      return fail(
          ErrorKind::invalid_input,
          quoted(line) + " is a file or a URL; put the wheel into the wheelhouse and require it by name",
          std::move(where));
    }
    auto requirement = Requirement::parse(line);
    if (!requirement) {
      return fail(ErrorKind::invalid_input, requirement.error().message + " of " + quoted(line),
                  std::move(where));
    }
    requirements.push_back(*std::move(requirement));
  }
  return requirements;
}

}  // namespace wheelbarrow::packaging
