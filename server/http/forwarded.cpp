#include "http/forwarded.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ranges>

#include "http/syntax.hpp"
#include "http/target.hpp"
#include "http/url.hpp"

namespace wheelbarrow::http {

namespace ip = boost::asio::ip;

namespace {

constexpr std::size_t max_hops = 64;  // the nearest count

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
}

// A token or a quoted-string (RFC 9110 5.6.4) off the front.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find_first_of("\",; \t"), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(end);
    // Addresses with a colon have to be quoted, and often aren't.
    if (value.empty()) return std::nullopt;
    return value;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\') ++i;
    if (i == rest.size()) break;
    value += rest[i];
  }
  return std::nullopt;
}

// One `name=value`; false if it isn't.
bool take_pair(std::string_view& rest, ForwardedElement& element) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || !is_token(rest.substr(0, equals))) return false;
  const std::string_view name = rest.substr(0, equals);
  rest.remove_prefix(equals + 1);
  auto value = take_value(rest);
  if (!value) return false;
  for (const auto& [known, into] : {std::pair{"for", &element.client}, std::pair{"host", &element.host},
                                    std::pair{"proto", &element.scheme}}) {
    if (!equal_ignoring_case(name, known)) continue;
    if (!into->empty()) return false;  // each at most once
    *into = std::move(*value);
  }
  return true;
}

bool is_scheme(std::string_view text) {
  return equal_ignoring_case(text, "http") || equal_ignoring_case(text, "https");
}

void take_scheme(Request& request, std::string_view scheme) {
  if (is_scheme(scheme)) request.scheme = equal_ignoring_case(scheme, "https") ? "https" : "http";
}

void take_host(Request& request, std::string_view host) {
  if (is_valid_authority(host)) request.authority = host;
}

void take_client(Request& request, const ip::address& address) {
  request.peer = unmapped(address).to_string();
  request.network = network_key(address);
}

// The last of a list: what the proxy that we trust wrote itself.
std::string_view last_of(std::string_view list) {
  return trim(list.substr(list.rfind(',') + 1));
}

bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

// From the nearest hop to the first that was not one of ours: that is the client, and what it asked for is
// what the proxy beside it saw.
void take_forwarded(Request& request, const Networks& trusted) {
  const auto field = request.fields.get("forwarded");
  if (!field) return;
  auto elements = parse_forwarded(*field);
  // What a client wrote there must not hide what the proxy added.
  if (!elements) elements = parse_forwarded(last_of(*field));
  if (!elements) return;
  for (const ForwardedElement& element : *elements | std::views::reverse) {
    take_scheme(request, element.scheme);
    take_host(request, element.host);
    const auto address = parse_node(element.client);
    if (!address) return;
    take_client(request, *address);
    if (!trusted.contains(*address)) return;
  }
}

void take_x_forwarded(Request& request, const Networks& trusted) {
  const auto value = [&request](std::string_view name) { return request.fields.get(name).value_or(""); };
  take_scheme(request, last_of(value("x-forwarded-proto")));
  const std::string hosts = value("x-forwarded-host");
  take_host(request, last_of(hosts));
  const std::string port(last_of(value("x-forwarded-port")));
  const std::string_view usual = request.scheme == "https" ? "443" : "80";
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = error == std::errc{} && end == port.data() + port.size() && number != 0;
  if (!hosts.empty() && is_port && port != usual && !has_port(request.authority)) {
    request.authority += ':' + std::to_string(number);
  }
  std::string prefix(last_of(value("x-forwarded-prefix")));
  if (prefix.ends_with('/')) prefix.pop_back();
  if (is_path_prefix(prefix)) request.prefix = prefix;
  const std::string hops = value("x-forwarded-for");
  for (std::string_view rest = hops; !rest.empty();) {
    const auto address = parse_node(last_of(rest));
    if (!address) return;
    take_client(request, *address);
    if (!trusted.contains(*address)) return;
    const std::size_t comma = rest.rfind(',');
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
  }
}

void strip(Request& request, std::string_view prefix) {
  if (prefix.empty() || !request.path.starts_with(prefix)) return;
  const std::string_view rest = std::string_view(request.path).substr(prefix.size());
  if (!rest.empty() && !rest.starts_with('/')) return;
  request.path = rest.empty() ? "/" : std::string(rest);
  request.prefix += prefix;
}

}  // namespace

std::optional<std::deque<ForwardedElement>> parse_forwarded(std::string_view field) {
  std::deque<ForwardedElement> elements(1);
  bool may_begin = true;  // a pair, where none was since the last ';' or ','
  for (std::string_view rest = field;;) {
    skip_blanks(rest);
    if (rest.empty()) return elements;
    if (rest.front() == ',' || rest.front() == ';') {
      if (rest.front() == ',') {
        if (elements.size() == max_hops) elements.pop_front();
        elements.emplace_back();
      }
      rest.remove_prefix(1);
      may_begin = true;
      continue;
    }
    if (!may_begin || !take_pair(rest, elements.back())) return std::nullopt;
    may_begin = false;
  }
}

std::optional<ip::address> parse_node(std::string_view node) {
  std::string_view host = node;
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos || (end + 1 < node.size() && node[end + 1] != ':')) return std::nullopt;
    host = node.substr(1, end - 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  } else if (std::ranges::count(node, ':') == 1) {
    host = node.substr(0, node.find(':'));
  }
  boost::system::error_code error;
  ip::address address = ip::make_address(host, error);
  if (error || host.find('%') != std::string_view::npos) return std::nullopt;
  return address;
}

void introduce(Request& request, const Peer& peer, const Front& front) {
  request.peer = peer.name;
  request.network = peer.network;
  request.prefix.clear();
  if (is_trusted(peer, front.trusted)) {
    if (front.writes == Front::Writes::forwarded) {
      take_forwarded(request, front.trusted);
    } else {
      take_x_forwarded(request, front.trusted);
    }
  }
  strip(request, front.strip_prefix);
}

}  // namespace wheelbarrow::http
