#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <utility>

#include "app/command.hpp"
#include "app/doctor.hpp"
#include "app/parse.hpp"

namespace wheelbarrow::app {
namespace {

void print(const Finding& finding) {
  std::printf("%-7s %-13s %s%s%s\n", finding.broken ? "broken" : "ok", finding.check.c_str(),
              finding.what.c_str(), finding.remedy.empty() ? "" : "; ", finding.remedy.c_str());
  std::fflush(stdout);
}

// As clients write an address, which leaves a scheme's own port out of Host (RFC 9110 7.2).
std::string without_default_port(const std::string& url) {
  const std::string_view port = url.starts_with("https:") ? ":443" : ":80";
  const std::size_t host = url.find("//") + 2;
  const std::size_t end = std::min(url.find('/', host), url.size());
  if (!std::string_view(url).substr(host, end - host).ends_with(port)) return url;
  return std::string(url).erase(end - port.size(), port.size());
}

}  // namespace

int doctor_command(const Arguments& arguments) {
  CLI::App app(
      "Look at a server through its public address: what do proxies and caches on the way break?\n"
      "One line for each thing; exit code 1 if anything is broken",
      "wheelbarrow doctor");
  std::string url;
  std::vector<std::string> requirements;
  HttpClient::Options options;
  std::string token;
  app.add_option("url", url, "the address that clients use, with a prefix if there is one")
      ->required()
      ->type_name("URL");
  app.add_option(
         "-r,--requirement", requirements,
         "what to ask for (default: the first project of the index that can be had alone); may be repeated")
      ->allow_extra_args(false)
      ->type_name("REQUIREMENT");
  app.add_option("--ca", options.certificates, "certificates to believe, PEM")->type_name("FILE");
  app.add_option("--token", token, "file with the server's --bundle-token")->type_name("FILE");
  app.add_flag("-k,--insecure", options.believe_all, "believe any certificate");
  if (const auto code = parse(app, arguments)) return *code;
  while (url.ends_with('/')) {
    url.pop_back();
  }
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return print_failure({ErrorKind::invalid_input, "a public address begins with http:// or https://", url});
  }
  url = without_default_port(url);
  HttpClient::FieldList always;
  if (!token.empty()) {
    std::ifstream in(token);
    std::string line;
    if (!(in >> line))
      return print_failure({ErrorKind::io, "the token's file can't be read, or is empty", token});
    always.emplace_back("authorization", "Bearer " + line);
  }
  HttpClient client(options);
  Doctor doctor(client, url, std::move(always));
  const auto found = doctor.find_set(requirements);
  if (!found) return print_failure(found.error());
  print(*found);
  bool broken = false;
  for (const Finding& finding : doctor.examine()) {
    print(finding);
    broken = broken || finding.broken;
  }
  return broken ? exit_failure : exit_success;
}

}  // namespace wheelbarrow::app
