// Forwarded (RFC 7239) and the X-Forwarded-* fields. The first byte of an input chooses the kind; the lines
// of the rest are the values of the fields.
#include <array>
#include <string>

#include "fuzz/check.hpp"
#include "http/forwarded.hpp"
#include "http/target.hpp"

namespace {

constexpr std::array names{"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
                           "x-forwarded-prefix"};

std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  std::string_view input = fuzz::text_of(data, size);
  const bool is_forwarded = (fuzz::take_byte(input) & 1U) != 0;
  static const auto* const trusted =
      new http::Networks(*http::Networks::parse({"10.0.0.0/8", "2001:db8::/32"}));
  const http::Front front{
      *trusted, is_forwarded ? http::Front::Writes::forwarded : http::Front::Writes::x_forwarded, "/py"};
  http::Request request;
  request.scheme = "http";
  request.authority = "inside";
  request.path = "/py/x";
  if (is_forwarded) {
    while (!input.empty()) {
      request.fields.add("forwarded", take_line(input));
    }
  } else {
    for (const char* name : names) {
      request.fields.add(name, take_line(input));
    }
  }
  const http::Peer proxy = http::peer_at(boost::asio::ip::make_address("10.0.0.1"), 1);
  http::introduce(request, proxy, front);
  fuzz::check(request.scheme == "http" || request.scheme == "https", "a scheme is one", request.scheme);
  fuzz::check(http::is_valid_authority(request.authority), "an authority is one", request.authority);
  fuzz::check(request.path == "/x" && request.prefix.ends_with("/py") && request.prefix.front() == '/' &&
                  !request.prefix.starts_with("//") &&
                  request.prefix.find_first_of("?#\"<> \r") == std::string::npos,
              "a prefix is a path", request.prefix);
  fuzz::check(!request.network.empty() && request.network.size() <= 15, "a client has a network",
              request.peer);
  const std::string believed = request.scheme + request.authority + request.prefix + request.peer;

  // From a stranger, none of it counts.
  request.path = "/py/x";
  request.scheme = "http";
  request.authority = "inside";
  http::introduce(request, http::peer_at(boost::asio::ip::make_address("203.0.113.5"), 1), front);
  fuzz::check(request.authority == "inside" && request.prefix == "/py" && request.peer == "203.0.113.5:1",
              "a stranger is not believed", believed);
  return 0;
}
