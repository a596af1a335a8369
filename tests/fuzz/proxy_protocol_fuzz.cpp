// PROXY protocol headers, versions 1 and 2.
#include <string>

#include "fuzz/check.hpp"
#include "http/proxy_protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  using State = http::ProxyHeader::State;
  const std::string_view input = fuzz::text_of(data, size);
  const http::ProxyHeader header = http::parse_proxy_header(input);
  if (header.state == State::incomplete) {
    fuzz::check(input.size() < http::max_proxy_header, "a header is bounded", input);
    return 0;
  }
  if (header.state == State::malformed) {
    fuzz::check(!header.client && !header.secure, "what is malformed says nothing", input);
    return 0;
  }
  fuzz::check(header.size > 0 && header.size <= input.size(), "a header lies in what was read", input);
  // It may arrive in any pieces, and what follows it is not its own.
  for (std::size_t cut = 0; cut < header.size; ++cut) {
    fuzz::check(http::parse_proxy_header(input.substr(0, cut)).state == State::incomplete,
                "less than a header is incomplete", input);
  }
  const auto alone = http::parse_proxy_header(input.substr(0, header.size));
  fuzz::check(alone.state == State::complete && alone.size == header.size && alone.client == header.client,
              "what follows changes nothing", input);
  return 0;
}
