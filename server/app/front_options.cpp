#include "app/front_options.hpp"

#include <utility>

#include "http/url.hpp"

namespace wheelbarrow::app {

void FrontOptions::add_options(CLI::App& app) {
  app.add_option("--trusted-proxy", trusted,
                 "address, network, or 'unix:' whose word on clients counts (X-Forwarded-*, Forwarded, PROXY "
                 "protocol); may be repeated")
      ->type_name("ADDR[/BITS]|unix:")
      ->envname("WHEELBARROW_TRUSTED_PROXY");
  app.add_option(
         "--forwarded", fields,
         "which fields those write: X-Forwarded-{For,Proto,Host,Port,Prefix} or Forwarded (RFC 7239); "
         "the other kind is ignored")
      ->check(CLI::IsMember({"x-forwarded", "forwarded"}))
      ->type_name("x-forwarded|forwarded")
      ->envname("WHEELBARROW_FORWARDED")
      ->capture_default_str();
  app.add_option("--strip-prefix", strip_prefix,
                 "where this server begins in public paths, if the proxy in front leaves that in them")
      ->type_name("/PATH")
      ->envname("WHEELBARROW_STRIP_PREFIX");
}

Result<http::Front> FrontOptions::front() const {
  http::Front front;
  auto networks = http::Networks::parse(trusted);
  if (!networks) return std::unexpected(networks.error());
  front.trusted = std::move(*networks);
  front.writes = fields == "forwarded" ? http::Front::Writes::forwarded : http::Front::Writes::x_forwarded;
  front.strip_prefix = strip_prefix;
  while (front.strip_prefix.ends_with('/')) {
    front.strip_prefix.pop_back();
  }
  if (!strip_prefix.empty() && !http::is_path_prefix(front.strip_prefix)) {
    return fail(ErrorKind::invalid_input, "--strip-prefix is a path like /py", strip_prefix);
  }
  return front;
}

}  // namespace wheelbarrow::app
