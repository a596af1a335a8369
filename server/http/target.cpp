#include "http/target.hpp"

#include <algorithm>

#include "http/syntax.hpp"

namespace wheelbarrow::http {
namespace {

// Everything visible in ASCII but '#': RFC 3986 allows less, but people type ">=" into a query and clients
// send it.
bool is_target_character(char c) {
  return c > ' ' && c < '\x7f' && c != '#';
}

}  // namespace

bool is_valid_authority(std::string_view authority) {
  static constexpr std::string_view punctuation = "-._~%!$&'()*+,;=:[]";
  return !authority.empty() && std::ranges::all_of(authority, [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           punctuation.find(c) != std::string_view::npos;
  });
}

Result<void> set_target(Request& request, std::string_view target) {
  if (!std::ranges::all_of(target, is_target_character)) {
    return fail(ErrorKind::invalid_input, "The request target has a character that must be percent-encoded");
  }
  if (target == "*" && request.method == "OPTIONS") {
    request.path = "*";
    return {};
  }
  const std::size_t scheme_end = target.find("://");
  if (request.protocol == Protocol::http1 && !target.starts_with('/') &&
      scheme_end != std::string_view::npos) {
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) {
      return fail(ErrorKind::invalid_input, "Only http and https URLs are served");
    }
    target.remove_prefix(scheme_end + 3);
    const std::size_t authority_end = std::min(target.find_first_of("/?"), target.size());
    request.authority = target.substr(0, authority_end);
    target.remove_prefix(authority_end);
    // An empty path is "/" (RFC 9110 4.2.3).
    if (!target.starts_with('/')) {
      request.path = "/";
      if (target.starts_with('?')) request.query = target.substr(1);
      return {};
    }
  }
  if (!target.starts_with('/')) {
    return fail(ErrorKind::invalid_input, "The request target must be a path that begins with '/'");
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  return {};
}

}  // namespace wheelbarrow::http
