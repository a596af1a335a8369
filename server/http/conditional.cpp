#include "http/conditional.hpp"

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

struct EntityTag {
  bool weak = false;
  std::string_view opaque;  // with its quotes
};

// Takes one entity-tag (RFC 9110 8.8.3) off the front of `rest`. A comma inside the quotes belongs to the
// tag.
std::optional<EntityTag> take_entity_tag(std::string_view& rest) {
  EntityTag tag;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  const std::size_t close = rest.find('"', 1);
  if (close == std::string_view::npos) return std::nullopt;
  tag.opaque = rest.substr(0, close + 1);
  rest.remove_prefix(close + 1);
  return tag;
}

enum class Comparison { strong, weak };

// Whether the field's list names `etag`, or is "*". `etag` itself is strong, or empty for "there is none".
bool names(std::string_view list, std::string_view etag, Comparison comparison) {
  std::string_view rest = trim(list);
  if (rest == "*") return true;
  while (!rest.empty()) {
    if (rest.front() == ',' || rest.front() == ' ' || rest.front() == '\t') {
      rest.remove_prefix(1);
      continue;
    }
    const std::optional<EntityTag> tag = take_entity_tag(rest);
    if (!tag) return false;
    if (tag->weak && comparison == Comparison::strong) continue;
    if (tag->opaque == etag) return true;
  }
  return false;
}

std::optional<std::time_t> date_field(const Fields& request, std::string_view name) {
  const std::optional<std::string> value = request.get(name);
  return value ? parse_date(trim(*value)) : std::nullopt;
}

}  // namespace

Precondition evaluate_preconditions(const Fields& request, const Validators& validators) {
  if (const auto if_match = request.get("if-match")) {
    if (!names(*if_match, validators.etag, Comparison::strong)) return Precondition::failed;
  } else if (const auto since = date_field(request, "if-unmodified-since")) {
    if (validators.last_modified && *validators.last_modified > *since) return Precondition::failed;
  }
  // If-Modified-Since counts only without If-None-Match, even one that names nothing (RFC 9110 13.1.3).
  if (const auto if_none_match = request.get("if-none-match")) {
    if (names(*if_none_match, validators.etag, Comparison::weak)) return Precondition::not_modified;
  } else if (const auto since = date_field(request, "if-modified-since")) {
    if (validators.last_modified && *validators.last_modified <= *since) return Precondition::not_modified;
  }
  return Precondition::proceed;
}

bool if_range_matches(const Fields& request, const Validators& validators) {
  const std::optional<std::string> field = request.get("if-range");
  if (!field) return true;
  std::string_view value = trim(*field);
  if (value.starts_with('"') || value.starts_with("W/")) {
    const std::optional<EntityTag> tag = take_entity_tag(value);
    return tag && !tag->weak && value.empty() && tag->opaque == validators.etag;
  }
  const std::optional<std::time_t> date = parse_date(value);
  return date && validators.last_modified && *date == *validators.last_modified;
}

}  // namespace wheelbarrow::http
