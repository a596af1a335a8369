#include "packaging/wheel_filename.hpp"

#include <algorithm>
#include <charconv>

#include "packaging/clause_parser.hpp"
#include "packaging/name.hpp"
#include "packaging/scanner.hpp"

namespace wheelbarrow::packaging {
namespace {

// The characters that PEP 427's escaping leaves in a component: "[^\w\d.]+" becomes '_'.
bool is_component_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '.';
}

// One of the parts between the dashes, which knows its place in the file name.
class Part {
 public:
  Part(std::string_view filename, std::size_t begin, std::size_t end)
      : filename_(filename), begin_(begin), end_(end) {}

  std::size_t begin() const { return begin_; }
  std::string_view text() const { return filename_.substr(begin_, end_ - begin_); }
  Scanner scanner() const { return {filename_, begin_, end_}; }
  std::unexpected<Error> expected(std::string_view what) const { return scanner().expected(what); }

 private:
  std::string_view filename_;
  std::size_t begin_;
  std::size_t end_;
};

std::vector<Part> split_at_dashes(std::string_view filename, std::size_t end) {
  std::vector<Part> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t dash = std::min(filename.find('-', begin), end);
    parts.emplace_back(filename, begin, dash);
    if (dash == end) return parts;
    begin = dash + 1;
  }
}

Result<std::string> read_name(const Part& part) {
  Scanner scanner = part.scanner();
  auto name = parse_name(scanner, "a project name");
  if (!name) return name;
  // There is no '-' between dashes, so what remains is a doubled '_', or no character of a name.
  if (const std::size_t doubled = part.text().find("__"); doubled != std::string_view::npos) {
    return scanner.expected_at("a single '_' in an escaped name", part.begin() + doubled + 1);
  }
  if (!scanner.at_end()) return scanner.expected("letters, digits, single '_' and '.' in an escaped name");
  return name;
}

// PEP 427 writes '_' for the '-' of an unnormalized version ("1.0_1" for 1.0-1).
Result<Version> read_version(const Part& part) {
  Scanner scanner = part.scanner();
  auto version = parse_version(scanner, "a version such as 1.0");
  if (!version || scanner.at_end()) return version;
  std::string dashed(part.text());
  std::ranges::replace(dashed, '_', '-');
  Scanner dashed_scanner(dashed);
  auto unescaped = parse_version(dashed_scanner, {});
  if (unescaped && dashed_scanner.at_end()) return unescaped;
  return scanner.expected(end_of_version);
}

Result<std::pair<std::uint64_t, std::string>> read_build(const Part& part) {
  Scanner scanner = part.scanner();
  const std::string_view digits = scanner.take_while(is_digit);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{}) return part.expected("a build tag that begins with a number of at most 64 bits");
  const std::string_view suffix = scanner.take_while(is_component_character);
  if (!scanner.at_end()) return scanner.expected("letters, digits, '_' and '.' in the build tag");
  return std::pair(number, std::string(suffix));
}

}  // namespace

Result<WheelFilename> parse_wheel_filename(std::string_view filename) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::invalid_input, quoted(filename) + " is not a wheel's file name (PEP 427): " + why);
  };
  constexpr std::string_view extension = ".whl";
  if (!filename.ends_with(extension)) return refuse("it does not end in .whl");
  const std::size_t end = filename.size() - extension.size();
  const std::vector<Part> parts = split_at_dashes(filename, end);
  if (parts.size() != 5 && parts.size() != 6) {
    return refuse("it has " + std::to_string(parts.size()) +
                  " parts between dashes, not name-version[-build]-python-abi-platform");
  }
  WheelFilename result;
  auto name = read_name(parts[0]);
  if (!name) return refuse(name.error().message);
  result.name = *std::move(name);
  auto version = read_version(parts[1]);
  if (!version) return refuse(version.error().message);
  result.version = *std::move(version);
  if (parts.size() == 6) {
    auto build = read_build(parts[2]);
    if (!build) return refuse(build.error().message);
    result.build = *std::move(build);
  }
  Scanner scanner(filename, parts[parts.size() - 3].begin(), end);
  auto tags = parse_tag(scanner);
  if (!tags) return refuse(tags.error().message);
  result.tags = *std::move(tags);
  return result;
}

}  // namespace wheelbarrow::packaging
