#include "app/confinement.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "app/privileges.hpp"
#include "app/sandbox.hpp"
#include "app/serve_options.hpp"
#include "routes/static_mount.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace {

// The folder of a file that may be replaced by another, and where that really lies if it is a link.
void add_folders_of(const std::string& file, std::vector<fs::path>& folders) {
  if (file.empty()) return;
  std::error_code error;
  folders.push_back(fs::absolute(file, error).parent_path());
  if (const fs::path real = fs::canonical(file, error); !error) folders.push_back(real.parent_path());
}

void add_sockets(const std::vector<std::string>& addresses, std::vector<fs::path>& folders) {
  constexpr std::string_view scheme = "unix:";
  for (const std::string& address : addresses) {
    if (address.starts_with(scheme))
      add_folders_of(address.substr(scheme.size()), folders);  // "+proxy" aside
  }
}

// A program, and the libraries that belong to it: <prefix>/bin/python3.12 has <prefix>/lib.
void add_program(const fs::path& program, std::vector<fs::path>& run) {
  std::error_code error;
  const fs::path real = fs::canonical(program, error);
  if (error) return;
  run.push_back(real);
  const fs::path folder = real.parent_path();
  if (folder.filename() == "bin") run.push_back(folder.parent_path() / "lib");
}

Reach reach_of(const ServeOptions& options, const std::string& configuration_file) {
  Reach reach;
  reach.read.assign(options.wheels.begin(), options.wheels.end());
  if (!options.pyodide.empty()) reach.read.emplace_back(options.pyodide);
  for (const std::string& text : options.statics) {
    if (auto mount = routes::parse_static_mount(text)) reach.read.push_back(std::move(mount->folder));
  }
  // In the app's folder, which may be reached, unless they are links.
  if (options.dev) {
    for (fs::path& folder : options.dev->wheels()) {
      reach.read.push_back(std::move(folder));
    }
  }
  add_folders_of(options.tls_certificate, reach.read);
  add_folders_of(options.tls_key, reach.read);
  add_folders_of(configuration_file, reach.read);
  add_folders_of(options.origin.token, reach.read);
  add_folders_of(options.origin.allowed_sets, reach.read);
  std::error_code error;
  for (const std::string& text : options.defined_targets) {
    if (const std::size_t equals = text.find('='); equals != std::string::npos) {
      if (const fs::path file = text.substr(equals + 1); fs::is_regular_file(file, error))
        add_folders_of(file, reach.read);
    }
  }
  add_folders_of(options.upload.token, reach.read);
  reach.write.emplace_back(options.data);
  if (!options.upload.token.empty()) reach.write.emplace_back(options.upload.folder);
  if (options.access_log.file != "-") add_folders_of(options.access_log.file, reach.write);  // it is rotated
  for (const fs::path& program : options.bytecode.programs()) {
    add_program(program, reach.run);
  }
  add_sockets(options.listen, reach.sockets);
  add_sockets(options.listen_plain, reach.sockets);
  add_sockets({options.admin}, reach.sockets);
  return reach;
}

Result<void> make_data_folder(const ServeOptions& options) {
  std::error_code error;
  const bool made = fs::create_directories(options.data, error);
  if (error) return fail(ErrorKind::io, "can't make the data folder: " + error.message(), options.data);
  const std::string& user = options.confinement.user;
  return made && !user.empty() ? give_to_user(options.data, user) : Result<void>();
}

}  // namespace

void ConfinementOptions::add_options(CLI::App& app) {
  app.add_option("--sandbox", sandbox,
                 "let the kernel keep the server from every file and system call that it doesn't need")
      ->type_name("true|false")
      ->envname("WHEELBARROW_SANDBOX")
      ->default_str("true");
  app.add_option("--user", user, "user to become, if started by root; reads the certificate, too")
      ->type_name("NAME")
      ->envname("WHEELBARROW_USER");
}

Result<Confinement> Confinement::begin(const ServeOptions& options, const std::string& configuration_file) {
  if (auto made = make_data_folder(options); !made) return std::unexpected(made.error());
  const std::string& user = options.confinement.user;
  if (auto given_up = user.empty() ? limit_root() : become_user(user); !given_up) {
    return std::unexpected(given_up.error());
  }
  Confinement confinement;
  confinement.sandbox_ = options.confinement.sandbox;
  if (!confinement.sandbox_) return confinement;
  // What is read once and remembered, and what SQLite writes if a query is too large for memory.
  ::tzset();
  ::setenv("SQLITE_TMPDIR", options.data.c_str(), 0);
  if (auto confined = confine_files(reach_of(options, configuration_file))) {
    confinement.files_ = *confined;
  } else {
    confinement.complaint_ = confined.error().text();
  }
  return confinement;
}

void Confinement::finish() const {
  give_up_listening();
  if (is_root())
    spdlog::warn("running as root, with rights to files alone  hint=--user NAME gives that up, too");
  if (!sandbox_) return;
  const auto calls = confine_calls();
  if (calls && complaint_.empty()) {
    spdlog::info("sandboxed  files={} calls={}", files_, *calls);
    return;
  }
  const auto or_none = [](const std::string& text) { return text.empty() ? std::string("none") : text; };
  spdlog::warn("sandboxed in part  files={} calls={} reason={}", or_none(files_), calls.value_or("none"),
               calls ? complaint_ : calls.error().text());
}

}  // namespace wheelbarrow::app
