#include "routes/requirement_list.hpp"

#include <algorithm>

#include "packaging/requirements_file.hpp"

namespace wheelbarrow::routes {
namespace {

constexpr std::string_view white_space = " \t\r";
constexpr std::size_t longest_shown = 200;  // of a wrong requirement

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

// A project's name begins with a letter or digit, an operator never does. Empty pieces are boundaries too.
bool begins_requirement(std::string_view rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(white_space), rest.size()));
  return rest.empty() || rest.front() == ',' || rest.front() == '\n' ||
         (rest.front() >= '0' && rest.front() <= '9') ||
         ((rest.front() | 0x20) >= 'a' && (rest.front() | 0x20) <= 'z');
}

}  // namespace

std::vector<std::string_view> split_requirements(std::string_view text) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  int depth = 0;
  char quote = 0;
  const auto cut = [&](std::size_t end) {
    if (const auto piece = trim(text.substr(begin, end - begin)); !piece.empty()) pieces.push_back(piece);
    begin = end + 1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      cut(i);
      depth = 0;
      quote = 0;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '(') {
      ++depth;
    } else if (c == ']' || c == ')') {
      --depth;
    } else if (c == ',' && depth <= 0 && begins_requirement(text.substr(i + 1))) {
      cut(i);
    }
  }
  cut(text.size());
  return pieces;
}

Result<packaging::RequirementSet> parse_requirement_list(const std::vector<std::string>& requirements,
                                                         const std::vector<std::string>& constraints) {
  packaging::RequirementSet set;
  const auto add_all = [&](const std::vector<std::string>& texts, auto add,
                           const char* what) -> Result<void> {
    for (const std::string& text : texts) {
      for (const std::string_view piece : split_requirements(text)) {
        if (set.requirements.size() + set.constraints.size() == max_requirements) {
          return fail(ErrorKind::invalid_input,
                      "more than " + std::to_string(max_requirements) + " requirements at a time");
        }
        auto added = add(set, piece);
        if (!added)
          added.error().where = std::string(what) + " '" + std::string(piece.substr(0, longest_shown)) + "'";
        if (!added) return added;
      }
    }
    return {};
  };
  if (auto added = add_all(requirements, packaging::add_requirement_line, "requirement"); !added)
    return std::unexpected(added.error());
  if (auto added = add_all(constraints, packaging::add_constraint_line, "constraint"); !added)
    return std::unexpected(added.error());
  return set;
}

}  // namespace wheelbarrow::routes
