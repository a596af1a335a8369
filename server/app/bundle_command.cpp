#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include "app/bytecode_options.hpp"
#include "app/command.hpp"
#include "app/parse.hpp"
#include "app/selection.hpp"
#include "app/temporary_folder.hpp"
#include "app/whole_file.hpp"
#include "bundle/engine.hpp"
#include "bundle/wait.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::app {
namespace fs = std::filesystem;
namespace {

struct Wanted {
  bundle::Format format = bundle::Format::site;
  bundle::StripSet strip;
  BytecodeOptions bytecode;
  std::uint64_t max_part = bundle::default_max_part;
};

// The identity bytes, and their name.
struct Made {
  Slices body;
  Sha256 sha256;
};

Result<Made> make_bundle(const Selection& selection, const Wanted& wanted, store::Store& store) {
  const auto requirements = selection.read_requirements();
  if (!requirements) return std::unexpected(requirements.error());
  const auto wheelhouse = selection.open_wheelhouse();
  if (!wheelhouse) return std::unexpected(wheelhouse.error());
  const auto catalog = (*wheelhouse)->catalog();
  const auto target = selection.find_target(*catalog);
  if (!target) return std::unexpected(target.error());
  const auto lock = resolver::resolve(*catalog, *target, *requirements);
  if (!lock) return std::unexpected(lock.error());

  bundle::EngineOptions options;
  options.max_part = wanted.max_part;
  std::optional<bundle::BytecodeRecipe> bytecode;
  if (wanted.bytecode.mode != bundle::BytecodeMode::off) {
    auto compilers = wanted.bytecode.find(*catalog, [](const Error& failure) {
      std::fprintf(stderr, "wheelbarrow: warning: %s: %s\n", failure.message.c_str(), failure.where.c_str());
    });
    if (!compilers) return std::unexpected(compilers.error());
    auto chosen = (*compilers)->choose(wanted.bytecode.mode, *target);
    if (!chosen) return std::unexpected(chosen.error());
    bytecode = std::move(*chosen);
    options.compilers = std::move(*compilers);
  }
  bundle::Engine engine(store, std::move(options));
  const auto planned = bundle::plan(*lock, *target, wanted.format, wanted.strip, std::move(bytecode));
  const auto bundle = bundle::wait_for<bundle::BundlePtr>(
      [&](bundle::Callback<bundle::BundlePtr> done) { engine.bundle(planned, catalog, std::move(done)); });
  if (!bundle) return std::unexpected(bundle.error());
  auto encoded = bundle::wait_for<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
    engine.encode(*bundle, bundle::Form::identity, std::move(done));
  });
  if (!encoded) return std::unexpected(encoded.error());
  return Made{std::move(encoded->body), (*bundle)->sha256};
}

std::string strip_help() {
  std::string text = "leave out what a running app never imports:";
  for (const bundle::StripClassText& kind : bundle::strip_classes()) {
    text += "\n" + std::string(kind.name) + ": " + std::string(kind.leaves_out);
  }
  return text;
}

}  // namespace

int bundle_command(const Arguments& arguments) {
  CLI::App app("Write the bundle of a requirement set, the very bytes that the server would serve",
               "wheelbarrow bundle");
  Selection selection;
  selection.add_options(app);
  Wanted wanted;
  const std::map<std::string, bundle::Format> formats{{"site", bundle::Format::site},
                                                      {"wheels", bundle::Format::wheels}};
  app.add_option("--format", wanted.format,
                 "site: the unpacked tree; wheels: the wheel files (default: site)")
      ->transform(CLI::CheckedTransformer(formats))
      ->type_name("site|wheels");
  app.add_option_function<std::vector<std::string>>(
         "--strip",
         [&](const std::vector<std::string>& given) {
           for (const std::string& names : given) {
             const auto set = bundle::StripSet::parse(names);
             if (!set) throw CLI::ValidationError("--strip", set.error().message);
             wanted.strip.add(*set);
           }
         },
         strip_help())
      ->allow_extra_args(false)
      ->type_name("CLASS,...");
  wanted.bytecode.add_options(app, "byte-compiled modules, beside their sources or instead of them", false);
  add_max_part(app, wanted.max_part);
  std::string output;
  app.add_option("-o,--output", output, "file to write")->required()->type_name("FILE");
  if (const auto code = parse(app, arguments)) return *code;

  if (wanted.format == bundle::Format::wheels &&
      (!wanted.strip.empty() || wanted.bytecode.mode != bundle::BytecodeMode::off)) {
    return print_failure({ErrorKind::invalid_input,
                          "--strip and --bytecode are for --format site: wheels stay as they are",
                          {}});
  }
  std::unique_ptr<TemporaryFolder> temporary;
  fs::path store_folder = fs::path(selection.data) / "store";
  if (selection.data.empty()) {
    auto made = TemporaryFolder::make();
    if (!made) return print_failure(made.error());
    temporary = std::move(*made);
    store_folder = temporary->path() / "store";
  }
  const auto store = store::Store::open({store_folder, {}});
  if (!store) return print_failure(store.error());
  const auto made = make_bundle(selection, wanted, **store);
  if (!made) return print_failure(made.error());
  if (auto written = write_whole_file(output, made->body); !written) return print_failure(written.error());
  std::printf("%s  %s\n", made->sha256.hex().c_str(), output.c_str());
  return exit_success;
}

}  // namespace wheelbarrow::app
