#include "routes/caching.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace wheelbarrow::routes {
namespace {

constexpr std::array<std::string_view, 5> class_names{"hashed", "bundle", "index", "runtime", "pages"};

// Varnish takes 8192 bytes of a field with its name, other caches more.
constexpr std::size_t longest_keys = 8000;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

struct Directive {
  std::string_view text;  // "max-age=60"
  std::string_view name;
  std::string_view value;
};

std::vector<Directive> split(std::string_view control) {
  std::vector<Directive> directives;
  while (!control.empty()) {
    const std::size_t comma = std::min(control.find(','), control.size());
    const std::string_view text = trim(control.substr(0, comma));
    control.remove_prefix(std::min(comma + 1, control.size()));
    const std::size_t equals = std::min(text.find('='), text.size());
    directives.push_back({text, text.substr(0, equals), text.substr(std::min(equals + 1, text.size()))});
  }
  return directives;
}

bool is_number(std::string_view text) {
  unsigned long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number <= 0x7fffffff;
}

// Which directives a response may have, and whether they have a number of seconds.
constexpr std::pair<std::string_view, bool> known_directives[] = {
    {"public", false},        {"private", false},          {"no-cache", false},
    {"no-store", false},      {"no-transform", false},     {"must-revalidate", false},
    {"immutable", false},     {"proxy-revalidate", false}, {"must-understand", false},
    {"max-age", true},        {"s-maxage", true},          {"stale-while-revalidate", true},
    {"stale-if-error", true},
};

// Why this can't be a Cache-Control; empty if it can.
std::string fault_of(std::string_view control) {
  std::set<std::string_view> names;
  for (const Directive& directive : split(control)) {
    const auto* const known =
        std::ranges::find(known_directives, directive.name, &std::pair<std::string_view, bool>::first);
    if (known == std::end(known_directives)) {
      return "'" + std::string(directive.text) + "' is no directive; e.g. public, max-age=60, s-maxage=600";
    }
    if (known->second && !is_number(directive.value))
      return "'" + std::string(directive.text) + "' needs a number of seconds";
    if (!known->second && directive.name != directive.text)
      return "'" + std::string(directive.text) + "' takes no value";
    if (!names.insert(directive.name).second) return "'" + std::string(directive.name) + "' is there twice";
  }
  using Pair = std::pair<std::string_view, std::string_view>;
  for (const auto& [one, other] :
       {Pair{"public", "private"}, Pair{"no-store", "max-age"}, Pair{"no-store", "s-maxage"},
        Pair{"no-store", "immutable"}, Pair{"private", "s-maxage"}}) {
    if (names.contains(one) && names.contains(other))
      return "'" + std::string(one) + "' and '" + std::string(other) + "' contradict each other";
  }
  return names.empty() ? "it is empty" : "";
}

Result<std::pair<std::size_t, std::string>> parse_rule(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const auto* const name = std::ranges::find(class_names, trim(text.substr(0, equals)));
  if (name == class_names.end()) {
    return fail(
        ErrorKind::invalid_input,
        "caching is set as CLASS=DIRECTIVES; the classes are hashed, bundle, index, runtime and pages",
        std::string(text));
  }
  const std::string_view control = trim(text.substr(std::min(equals + 1, text.size())));
  if (std::string fault = fault_of(control); !fault.empty())
    return fail(ErrorKind::invalid_input, std::move(fault), std::string(text));
  return std::pair(static_cast<std::size_t>(name - class_names.begin()), std::string(control));
}

void append(std::string& all, const std::set<std::string>& names, std::string_view separator) {
  for (const std::string& name : names) {
    all.append(separator).append(name);
  }
}

}  // namespace

CachePolicy::CachePolicy()
    : rules_{{{"public, max-age=31536000, immutable", ""},
              // Of bundles by requirements. A browser forgets a dictionary when the response that brought it
              // may no longer be used, so this is how long a returning client is sent a delta. Within that
              // time it starts from what it has, reachable server or not, and fetches what is new meanwhile
              // (RFC 5861).
              {"public, max-age=60, stale-while-revalidate=604800, stale-if-error=604800", ""},
              {"public, max-age=60, stale-while-revalidate=600", ""},
              {"public, max-age=600", ""},
              {"public, no-cache", ""}}} {}

Result<void> CachePolicy::set_control(std::string_view text) {
  auto rule = parse_rule(text);
  if (!rule) return std::unexpected(rule.error());
  rules_.at(rule->first).control = std::move(rule->second);
  return {};
}

Result<void> CachePolicy::set_cdn(std::string_view text) {
  auto rule = parse_rule(text);
  if (!rule) return std::unexpected(rule.error());
  rules_.at(rule->first).cdn = std::move(rule->second);
  return {};
}

std::string made_private(std::string_view control) {
  std::string made = "private";
  for (const Directive& directive : split(control)) {
    if (directive.name == "public" || directive.name == "private" || directive.name == "s-maxage" ||
        directive.name == "proxy-revalidate")
      continue;
    made.append(", ").append(directive.text);
  }
  return made;
}

void CacheKeys::add(std::string_view project, const Sha256& wheel) {
  add_project(project);
  wheels_.insert("wheel-" + wheel.hex().substr(0, 16));
}

void CacheKeys::add_project(std::string_view project) {
  projects_.insert("project-" + std::string(project));
}

std::string CacheKeys::joined(std::string_view separator) const {
  std::string all = "wheelbarrow";
  append(all, projects_, separator);
  if (all.size() > longest_keys) return "wheelbarrow";
  std::string with_wheels = all;
  append(with_wheels, wheels_, separator);
  return with_wheels.size() > longest_keys ? all : with_wheels;
}

void Caching::write(http::Representation& into) const {
  into.cache_control = rule.control;
  if (!rule.cdn.empty()) into.more.set("cdn-cache-control", rule.cdn);
  if (!keys) return;
  if (key_fields == KeyFields::surrogate_key || key_fields == KeyFields::both)
    into.more.set("surrogate-key", keys->joined(" "));
  if (key_fields == KeyFields::cache_tag || key_fields == KeyFields::both)
    into.more.set("cache-tag", keys->joined(","));
}

}  // namespace wheelbarrow::routes
