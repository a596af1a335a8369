#include "http/form_data.hpp"

#include <algorithm>
#include <utility>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

constexpr std::size_t most_parts = 10'000;
constexpr std::size_t longest_head = 16'384;
constexpr std::size_t longest_boundary = 70;  // RFC 2046 5.1.1

std::unexpected<Error> malformed(const char* what) {
  return fail(ErrorKind::invalid_input, std::string("the form is malformed: ") + what);
}

// A parameter's value (RFC 9110 5.6.6) off the front of `rest`: a token or a quoted string.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) return std::string(take_until(rest, ';'));
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  take_until(rest, ';');
  return value;
}

// The value of one parameter of a field; nothing if it isn't there.
std::optional<std::string> parameter(std::string_view field, std::string_view name) {
  take_until(field, ';');
  while (!field.empty()) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) break;
    const std::string_view found = trim(field.substr(0, equals));
    field.remove_prefix(equals + 1);
    std::string value = take_value(field);
    if (equal_ignoring_case(found, name)) return value;
  }
  return std::nullopt;
}

bool is_of_type(std::string_view field, std::string_view type) {
  return equal_ignoring_case(take_until(field, ';'), type);
}

// The fields of a part, of which Content-Disposition alone counts (RFC 7578 4.2).
Result<FormPart> parse_head(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    if (!equal_ignoring_case(take_until(line, ':'), "content-disposition")) continue;
    if (!is_of_type(line, "form-data")) break;
    auto name = parameter(line, "name");
    if (!name) break;
    return FormPart{.name = std::move(*name), .filename = parameter(line, "filename"), .content = {}};
  }
  return malformed("a part has no name");
}

}  // namespace

Result<std::vector<FormPart>> parse_form_data(std::string_view body, std::string_view content_type) {
  const auto boundary = parameter(content_type, "boundary");
  if (!is_of_type(content_type, "multipart/form-data") || !boundary || boundary->empty() ||
      boundary->size() > longest_boundary) {
    return fail(ErrorKind::invalid_input, "a form must be sent as multipart/form-data with a boundary");
  }
  const std::string delimiter = "\r\n--" + *boundary;
  // The first delimiter may stand at the very beginning, without its line break.
  const std::string_view first = std::string_view(delimiter).substr(2);
  const std::size_t begin = body.starts_with(first) ? 0 : body.find(delimiter);
  if (begin == std::string_view::npos) return malformed("its boundary doesn't occur");
  std::size_t at = begin + (body.starts_with(first) ? first : delimiter).size();
  std::vector<FormPart> parts;
  while (true) {
    std::string_view rest = body.substr(at);
    if (rest.starts_with("--")) return parts;
    const std::size_t line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos || !trim(rest.substr(0, line_end)).empty())
      return malformed("a boundary is followed by other text");
    rest.remove_prefix(line_end);  // the line break stays, as a part without fields begins with two
    const std::size_t head_end = rest.substr(0, longest_head).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return malformed("a part's fields don't end");
    auto part = parse_head(rest.substr(0, head_end));
    if (!part) return std::unexpected(part.error());
    const std::size_t content = static_cast<std::size_t>(rest.data() - body.data()) + head_end + 4;
    const std::size_t content_end = body.find(delimiter, content);
    if (content_end == std::string_view::npos) return malformed("it is cut short");
    part->content = body.substr(content, content_end - content);
    parts.push_back(std::move(*part));
    if (parts.size() > most_parts) return malformed("it has too many parts");
    at = content_end + delimiter.size();
  }
}

}  // namespace wheelbarrow::http
