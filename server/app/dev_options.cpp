#include "app/dev_options.hpp"

#include <cstdio>
#include <functional>
#include <set>
#include <system_error>

#include "app/serve_options.hpp"
#include "app/shell_word.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
void DevOptions::add_options(CLI::App& app) {
  const auto check = [](const std::string& text) {
    std::error_code error;
    return fs::is_directory(text, error) ? std::string() : "there is no folder '" + text + "'";
  };
  app.add_option("folder", folder, "folder of the app")
      ->type_name("DIR")
      ->check(check)
      ->configurable(false)
      ->capture_default_str();
  app.add_flag("--live-reload", live_reload, "pages load themselves again when a file or a wheel has changed")
      ->configurable(false);
  app.add_flag("--quiet", quiet, "no line for each request")->configurable(false);
}

void DevOptions::complete(ServeOptions& options) const {
  const fs::path app = folder;
  std::error_code error;
  if (options.pyodide.empty() && fs::exists(app / "pyodide" / "pyodide-lock.json", error)) {
    options.pyodide = app / "pyodide";
  }
  options.statics.push_back(folder + ":/");
  if (options.access_log.file.empty() && !quiet) {
    options.access_log.file = "-";
    options.access_log.format = "brief";
  }
  if (options.threads == 0) options.threads = 1;  // so that requests are printed in their order
  // Browsers use nothing without asking that may have changed. What is given counts, because it comes later.
  auto& rules = options.origin.cache_control;
  for (const char* const name : {"bundle", "index", "runtime", "pages"}) {
    rules.insert(rules.begin(), std::string(name) + "=public, no-cache");
  }
}

std::vector<fs::path> DevOptions::wheels() const {
  return {fs::path(folder) / "wheels", fs::path(folder) / "dist"};
}

void DevOptions::greet(const http::Server& server, const fs::path& own_certificate) const {
  std::printf("\nwheelbarrow serves %s at\n", fs::absolute(folder).lexically_normal().c_str());
  std::set<std::string, std::greater<>> urls;  // https first; localhost has two addresses
  const auto add = [&](const char* scheme, const auto& endpoints) {
    for (const auto& endpoint : endpoints) {
      const auto& address = endpoint.address();
      const bool is_own = address.is_loopback() || address.is_unspecified();
      const std::string host = is_own            ? "localhost"
                               : address.is_v6() ? '[' + address.to_string() + ']'
                                                 : address.to_string();
      urls.insert(std::string(scheme) + "://" + host + ':' + std::to_string(endpoint.port()) + '/');
    }
  };
  add("https", server.tls_endpoints());
  add("http", server.plain_endpoints());
  for (const std::string& url : urls) {
    std::printf("  %s\n", url.c_str());
  }
  if (!own_certificate.empty()) {
    const std::string file = shell_word(fs::absolute(own_certificate).native());
    std::printf(
        "Its certificate is its own. To teach it to\n"
        "  Chromium, Chrome  mkdir -p ~/.pki/nssdb && certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n "
        "wheelbarrow -i %s\n"
        "  Firefox           accept it once, when Firefox asks\n"
        "  curl              curl --cacert %s\n"
        "(certutil is in Debian's package libnss3-tools; another system's browser imports the file by "
        "hand.)\n",
        file.c_str(), file.c_str());
  }
  std::printf("Ctrl-C ends it.\n\n");
  std::fflush(stdout);
}

}  // namespace wheelbarrow::app
