#include "packaging/requirements_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

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
    const bool is_comment = trim(line).starts_with('#');
    const bool goes_on = !is_comment && line.ends_with('\\');
    if (!is_comment) logical.text += goes_on ? line.substr(0, line.size() - 1) : line;
    if (!goes_on || lines.at_end()) {
      logical.text.resize(std::min(find_comment(logical.text), logical.text.size()));
      return logical;
    }
  }
}

// Where the options begin: at the first word that begins with '-' (as in pip); the end if there are none.
std::size_t find_options(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '-' && (i == 0 || is_space(line[i - 1]))) return i;
  }
  return line.size();
}

struct Option {
  std::string name;
  std::string value;

  bool is(std::string_view short_name, std::string_view long_name) const {
    return name == short_name || name == long_name;
  }
};

bool takes_value(std::string_view name) {
  constexpr auto names = std::to_array<std::string_view>(
      {"-r", "--requirement", "-c", "--constraint", "--hash", "--only-binary"});
  return std::ranges::find(names, name) != names.end();
}

// A word as a shell reads it: quotes and backslashes keep white space together, and are not part of it.
std::string take_word(Scanner& scanner) {
  std::string word;
  char quote = 0;
  while (!scanner.at_end() && (quote != 0 || !is_space(scanner.peek()))) {
    char c = scanner.peek();
    scanner.advance(1);
    if (c == quote) {
      quote = 0;
      continue;
    }
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      continue;
    }
    if (c == '\\' && quote != '\'' && !scanner.at_end()) {
      c = scanner.peek();
      scanner.advance(1);
    }
    word += c;
  }
  return word;
}

// "--name=value", "--name value", "-nvalue" and "-n value".
std::vector<Option> split_options(std::string_view text) {
  Scanner scanner(text);
  std::vector<Option> options;
  for (scanner.skip_space(); !scanner.at_end(); scanner.skip_space()) {
    const std::string word = take_word(scanner);
    const std::size_t end = word.starts_with("--") ? word.find('=') : word.starts_with('-') ? 2 : word.size();
    Option option{word.substr(0, end), {}};
    if (end < word.size()) {
      option.value = word.substr(word[end] == '=' ? end + 1 : end);
    } else if (takes_value(option.name)) {
      scanner.skip_space();
      option.value = take_word(scanner);
    }
    options.push_back(option);
  }
  return options;
}

std::string_view reason_against(std::string_view option) {
  constexpr std::string_view own_line = "it stands on a line of its own";
  constexpr std::string_view one_index = "the wheelhouse is the only index there is";
  constexpr std::string_view no_build =
      "nothing is built here; put a wheel into the wheelhouse and require it by name";
  constexpr auto reasons = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"-r", own_line},
      {"--requirement", own_line},
      {"-c", own_line},
      {"--constraint", own_line},
      {"--require-hashes", own_line},
      {"--only-binary", own_line},
      {"--prefer-binary", own_line},
      {"--hash", "it stands behind a requirement"},
      {"-i", one_index},
      {"--index-url", one_index},
      {"--pypi-url", one_index},
      {"--extra-index-url", one_index},
      {"--no-index", one_index},
      {"-f", one_index},
      {"--find-links", one_index},
      {"--trusted-host", one_index},
      {"-e", no_build},
      {"--editable", no_build},
      {"--no-binary", no_build},
      {"--no-build-isolation", no_build},
      {"--use-pep517", no_build},
      {"--global-option", no_build},
      {"--install-option", no_build},
      {"-C", no_build},
      {"--config-setting", no_build},
      {"--config-settings", no_build},
      {"--pre", "a pre-release is taken where a specifier names one, e.g. 'numpy>=2.4rc1'"},
      {"--use-feature", "it switches something in pip itself"},
  });
  const auto* const found =
      std::ranges::find(reasons, option, &std::pair<std::string_view, std::string_view>::first);
  return found != reasons.end() ? found->second : "a requirements file has no such option";
}

std::unexpected<Error> refused(std::string_view option) {
  return fail(ErrorKind::invalid_input,
              "the option " + quoted(option) + " is not supported: " + std::string(reason_against(option)));
}

bool is_sha256(std::string_view digits) {
  return digits.size() == 64 && std::ranges::all_of(digits, [](char c) {
           return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
         });
}

// The SHA-256 hashes of "--hash" options. A wheelhouse knows no others; as with pip one that fits is enough,
// so others beside them can be passed over.
Result<std::set<std::string>> read_hashes(const std::vector<Option>& options) {
  constexpr std::string_view algorithm = "sha256:";
  std::set<std::string> hashes;
  for (const Option& option : options) {
    if (option.name != "--hash") return refused(option.name);
    if (!option.value.starts_with(algorithm)) {
      if (option.value.starts_with("sha384:") || option.value.starts_with("sha512:")) continue;
      return fail(ErrorKind::invalid_input,
                  "expected '--hash=sha256:' and 64 hexadecimal digits instead of " + quoted(option.value));
    }
    const std::string_view digits = std::string_view(option.value).substr(algorithm.size());
    if (!is_sha256(digits)) {
      return fail(ErrorKind::invalid_input,
                  "expected 64 hexadecimal digits after '--hash=sha256:' instead of " + quoted(digits));
    }
    hashes.insert(lower_case(digits));
  }
  if (!options.empty() && hashes.empty()) {
    return fail(ErrorKind::invalid_input, "only SHA-256 hashes can be checked here; add a '--hash=sha256:'");
  }
  return hashes;
}

bool is_file_or_url(std::string_view line) {
  const std::string_view first = line.substr(0, line.find_first_of(" \t;["));
  return first.starts_with('.') || first.contains('/') || lower_case(first).ends_with(".whl");
}

// A requirement; its hashes go into the set.
Result<Requirement> read_line(RequirementSet& set, std::string_view line) {
  const std::size_t options = find_options(line);
  auto hashes = read_hashes(split_options(line.substr(options)));
  if (!hashes) return std::unexpected(hashes.error());
  line = trim(line.substr(0, options));
  if (is_file_or_url(line)) {
    return fail(
        ErrorKind::invalid_input,
        quoted(line) + " is a file or a URL; put the wheel into the wheelhouse and require it by name");
  }
  auto requirement = Requirement::parse(line);
  if (!requirement)
    return fail(ErrorKind::invalid_input, requirement.error().message + " of " + quoted(line));
  if (!hashes->empty()) set.hashes.push_back({requirement->name, requirement->marker, *std::move(hashes)});
  return requirement;
}

// Reads a file, and those that it names.
class FileReader {
 public:
  FileReader(RequirementSet& set, const ReadRequirements& read) : set_(set), read_(read) {}

  enum class Kind { requirements, constraints };

  Result<void> run(Kind kind, std::string_view text, const std::string& name) {
    if (auto done = read(kind, text, name); !done || !requires_hashes_) return done;
    for (const Requirement& requirement : set_.requirements) {
      if (std::ranges::find(set_.hashes, requirement.name, &GivenHashes::project) == set_.hashes.end()) {
        return fail(ErrorKind::invalid_input,
                    quoted(requirement.str()) + " has no '--hash', and '--require-hashes' asks for one",
                    name);
      }
    }
    return {};
  }

 private:
  static constexpr int max_files = 100;

  Result<void> read(Kind kind, std::string_view text, const std::string& name) {
    TextLines lines(skip_byte_order_mark(text));
    while (!lines.at_end()) {
      const LogicalLine logical = next_logical_line(lines);
      const std::string_view line = trim(logical.text);
      if (line.empty()) continue;
      auto added = find_options(line) == 0     ? read_options(kind, split_options(line), name)
                   : kind == Kind::constraints ? add_constraint_line(set_, line)
                                               : add_requirement_line(set_, line);
      // An error of a file that is named here says where it is itself.
      if (!added && added.error().where.empty())
        added.error().where = name + ":" + std::to_string(logical.number);
      if (!added) return added;
    }
    return {};
  }

  Result<void> read_options(Kind kind, const std::vector<Option>& options, const std::string& name) {
    for (const Option& option : options) {
      if (option.is("-r", "--requirement") || option.is("-c", "--constraint")) {
        // What a constraints file names bounds too.
        const bool bounds = kind == Kind::constraints || option.is("-c", "--constraint");
        if (auto done = read_named(bounds ? Kind::constraints : Kind::requirements, option, name); !done)
          return done;
      } else if (option.name == "--require-hashes") {
        requires_hashes_ = true;
      } else if (option.name != "--only-binary" && option.name != "--prefer-binary") {
        return refused(option.name);
      }
    }
    return {};
  }

  Result<void> read_named(Kind kind, const Option& option, const std::string& name) {
    if (!read_) {
      return fail(ErrorKind::invalid_input,
                  "the option " + quoted(option.name) + " is not supported here: no other file can be read");
    }
    if (option.value.empty())
      return fail(ErrorKind::invalid_input, "expected a file's name after " + quoted(option.name));
    if (++files_ > max_files) return fail(ErrorKind::limit, "more than 100 files name one another");
    const auto named = read_(option.value, name);
    if (!named) return std::unexpected(named.error());
    return read(kind, named->text, named->name);
  }

  RequirementSet& set_;
  const ReadRequirements& read_;
  int files_ = 0;
  bool requires_hashes_ = false;
};

}  // namespace

Result<void> add_requirements_file(RequirementSet& set, std::string_view text, std::string_view name,
                                   const ReadRequirements& read) {
  return FileReader(set, read).run(FileReader::Kind::requirements, text, std::string(name));
}

Result<void> add_constraints_file(RequirementSet& set, std::string_view text, std::string_view name,
                                  const ReadRequirements& read) {
  return FileReader(set, read).run(FileReader::Kind::constraints, text, std::string(name));
}

Result<void> add_requirement_line(RequirementSet& set, std::string_view line) {
  auto requirement = read_line(set, line);
  if (!requirement) return std::unexpected(requirement.error());
  set.requirements.push_back(*std::move(requirement));
  return {};
}

Result<void> add_constraint_line(RequirementSet& set, std::string_view line) {
  auto constraint = read_line(set, line);
  if (!constraint) return std::unexpected(constraint.error());
  if (!constraint->extras.empty() || !constraint->url.empty()) {
    return fail(ErrorKind::invalid_input,
                quoted(line) + " is not a constraint: those have neither extras nor a URL");
  }
  set.constraints.push_back(*std::move(constraint));
  return {};
}

}  // namespace wheelbarrow::packaging
