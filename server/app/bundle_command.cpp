#include <cstdio>
#include <map>

#include "app/bundle_options.hpp"
#include "app/command.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"
#include "app/whole_file.hpp"
#include "bundle/wait.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::app {
namespace {

// The identity bytes, and their name.
struct Made {
  Slices body;
  Sha256 sha256;
};

Result<Made> make_bundle(const Selection& selection, bundle::Format format, BundleOptions& options,
                         store::Store& store) {
  const auto requirements = selection.read_requirements();
  if (!requirements) return std::unexpected(requirements.error());
  const auto wheelhouse = selection.open_wheelhouse();
  if (!wheelhouse) return std::unexpected(wheelhouse.error());
  const auto catalog = (*wheelhouse)->catalog();
  const auto target = selection.find_target(*catalog);
  if (!target) return std::unexpected(target.error());
  const auto lock = resolver::resolve(*catalog, *target, *requirements);
  if (!lock) return std::unexpected(lock.error());
  auto bytecode = options.choose_bytecode(*catalog, *target);
  if (!bytecode) return std::unexpected(bytecode.error());

  bundle::Engine engine(store, options.engine);
  const auto planned = bundle::plan(*lock, *target, format, options.strip, std::move(*bytecode));
  const auto bundle = bundle::wait_for<bundle::BundlePtr>(
      [&](bundle::Callback<bundle::BundlePtr> done) { engine.bundle(planned, catalog, std::move(done)); });
  if (!bundle) return std::unexpected(bundle.error());
  auto encoded = bundle::wait_for<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
    engine.encode(*bundle, bundle::Form::identity, std::move(done));
  });
  if (!encoded) return std::unexpected(encoded.error());
  return Made{std::move(encoded->body), (*bundle)->sha256};
}

}  // namespace

int bundle_command(const Arguments& arguments) {
  CLI::App app("Write the bundle of a requirement set, the very bytes that the server would serve",
               "wheelbarrow bundle");
  Selection selection;
  selection.add_options(app);
  bundle::Format format = bundle::Format::site;
  const std::map<std::string, bundle::Format> formats{{"site", bundle::Format::site},
                                                      {"wheels", bundle::Format::wheels}};
  app.add_option("--format", format, "site: the unpacked tree; wheels: the wheel files (default: site)")
      ->transform(CLI::CheckedTransformer(formats))
      ->type_name("site|wheels");
  BundleOptions options;
  options.add_options(app);
  std::string output;
  app.add_option("-o,--output", output, "file to write")->required()->type_name("FILE");
  if (const auto code = parse(app, arguments)) return *code;

  if (format == bundle::Format::wheels &&
      (!options.strip.empty() || options.bytecode.mode != bundle::BytecodeMode::off)) {
    return print_failure({ErrorKind::invalid_input,
                          "--strip and --bytecode are for --format site: wheels stay as they are",
                          {}});
  }
  const auto opened = open_store(selection.data);
  if (!opened) return print_failure(opened.error());
  const auto made = make_bundle(selection, format, options, *opened->store);
  if (!made) return print_failure(made.error());
  if (auto written = write_whole_file(output, made->body); !written) return print_failure(written.error());
  std::printf("%s  %s\n", made->sha256.hex().c_str(), output.c_str());
  return exit_success;
}

}  // namespace wheelbarrow::app
